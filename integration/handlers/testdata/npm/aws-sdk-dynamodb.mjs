// npm: @aws-sdk/client-dynamodb@3.1169.0
// want: "eu-west-1t"
// not: v20. makes the SDK warn
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
export const handler = async () => ({ body: String((await new DynamoDBClient({ region: 'eu-west-1' }).config.region()) + new GetItemCommand({ TableName: 't' }).input.TableName) });
