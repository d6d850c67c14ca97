// npm: aws-jwt-verify@5.2.1
// want: "JwtParseError"
import { CognitoJwtVerifier } from 'aws-jwt-verify';
export const handler = async () => ({ body: String(await CognitoJwtVerifier.create({ userPoolId: 'eu-west-1_AAAAAAAAA', tokenUse: 'access', clientId: 'x' }).verify('a.b.c').catch((e) => e.constructor.name)) });
