// npm: cognito-at-edge@1.5.5
// want: "domain.auth.us-east-1.amazoncognito.com"
// warns: starts a worker whose file cannot be told
import { Authenticator } from 'cognito-at-edge';
const authenticator = new Authenticator({ region: 'us-east-1', userPoolId: 'us-east-1_tyo1a1FHH', userPoolAppId: '63gcbm2jmskokurt5ku9fhejc6', userPoolDomain: 'domain.auth.us-east-1.amazoncognito.com' });
export const handler = async (event) => {
  const response = await authenticator.handle(event);
  return { body: new URL(response.headers.location[0].value).host };
};
