/** Looks at the settings of the app client before anybody logs in: what is missing, and what users could change themselves. */

import {
  type CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { z } from 'zod';
import { IdentityFault } from '../../decision.ts';
import type { CognitoOptions } from './options.ts';

/** Names of the flows on app clients, new and old. */
const FLOW_NAMES: Readonly<Record<CognitoOptions['flow'], readonly string[]>> = {
  'admin-user-password': ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH'],
  'user-password': ['ALLOW_USER_PASSWORD_AUTH', 'USER_PASSWORD_AUTH'],
};

const NOT_PERMITTED =
  'the settings of the app client cannot be looked at without the permission cognito-idp:DescribeUserPoolClient.';

const clientShape = z.looseObject({
  UserPoolClient: z.looseObject({
    ClientSecret: z.string().optional(),
    ExplicitAuthFlows: z.array(z.string()).optional(),
    WriteAttributes: z.array(z.string()).optional(),
  }),
});

type AppClient = z.output<typeof clientShape>['UserPoolClient'];

/**
 * What the operator should know.
 * @throws IdentityFault CONFIGURATION_INVALID, UPSTREAM_ANSWER_INVALID, and errors of the SDK
 */
export async function remarksOnAppClient(
  client: CognitoIdentityProviderClient,
  options: CognitoOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { userPoolId: UserPoolId, clientId: ClientId } = options;
  try {
    const command = new DescribeUserPoolClientCommand({ UserPoolId, ClientId });
    return judge(await client.send(command, { abortSignal: signal }), options);
  } catch (error) {
    // The credentials are good, and nothing at a login needs this permission.
    if (error instanceof Error && error.name === 'AccessDeniedException') return [NOT_PERMITTED];
    throw error;
  }
}

function judge(output: unknown, options: CognitoOptions): readonly string[] {
  const { success, data } = clientShape.safeParse(output);
  if (!success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Cognito describes no app client.');
  checkSecret(data.UserPoolClient, options);
  checkFlow(data.UserPoolClient, options);
  return remarksOn(data.UserPoolClient);
}

function checkSecret({ ClientSecret }: AppClient, { clientSecret }: CognitoOptions): void {
  if (ClientSecret === clientSecret) return;
  if (clientSecret === undefined) throw invalid('The app client has a secret, and clientSecret is not set.');
  throw invalid('clientSecret is not the secret of the app client.');
}

/** With no list at all Cognito has a default of its own; nothing is said then. */
function checkFlow({ ExplicitAuthFlows: flows = [] }: AppClient, { flow }: CognitoOptions): void {
  const names = FLOW_NAMES[flow];
  if (flows.length === 0 || names.some((name) => flows.includes(name))) return;
  throw invalid(`The app client does not allow the flow ${names[0]}.`);
}

function remarksOn({ WriteAttributes = [] }: AppClient): readonly string[] {
  const custom = WriteAttributes.filter((name) => name.startsWith('custom:'));
  if (custom.length === 0) return [];
  const list = custom.slice(0, 10).join(', ');
  return [
    `users can change these attributes themselves through the app client: ${list}; nothing may be granted by them.`,
  ];
}

function invalid(detail: string): IdentityFault {
  return new IdentityFault('CONFIGURATION_INVALID', detail);
}
