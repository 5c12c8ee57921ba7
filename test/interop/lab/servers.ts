/** The servers of one configuration: the same users and files behind other policies and other ways to log in. */

import { fileURLToPath } from 'node:url';

/** What sets each server apart. `main`, which comes before them, is as an operator gets it who chooses nothing. */
export const OTHER_SERVERS = [
  'policy 2018-11',
  'policy 2022-03',
  'policy 2024-01',
  'policy 2025-03',
  'password only',
  'key only',
  'key and password',
  'prompts',
  'certificate',
  'EFS',
] as const;

export type ServerName = 'main' | (typeof OTHER_SERVERS)[number];

const TWO_PROMPTS_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:two-prompts';
const TWO_PROMPTS_MODULE = fileURLToPath(new URL('../functions/two-prompts.mjs', import.meta.url));
/** The only user of that function. */
export const PROMPTED_USER = 'prompted';

/** Members of a configuration file, in its own words. */
type Section = Readonly<Record<string, unknown>>;

/** In the order of `OTHER_SERVERS`. @param authority public key that certificates are signed with */
export function otherServers(authority: string): readonly Section[] {
  const fields: Readonly<Record<(typeof OTHER_SERVERS)[number], Section>> = {
    'policy 2018-11': { SecurityPolicyName: 'TransferSecurityPolicy-2018-11' },
    // Has plain HMACs: libssh2 knew no other before 1.11.
    'policy 2022-03': { SecurityPolicyName: 'TransferSecurityPolicy-2022-03' },
    'policy 2024-01': { SecurityPolicyName: 'TransferSecurityPolicy-2024-01' },
    'policy 2025-03': { SecurityPolicyName: 'TransferSecurityPolicy-2025-03' },
    'password only': methods('PASSWORD'),
    'key only': methods('PUBLIC_KEY'),
    'key and password': methods('PUBLIC_KEY_AND_PASSWORD'),
    prompts: {
      IdentityProviderDetails: {
        Function: TWO_PROMPTS_ARN,
        SftpAuthenticationMethods: 'PASSWORD',
        KeyboardInteractive: 'ENABLED',
      },
    },
    certificate: { ...methods('PUBLIC_KEY'), TrustedUserCAKeys: [authority] },
    EFS: { Domain: 'EFS' },
  };
  return OTHER_SERVERS.map((name) => fields[name]);
}

/** The function that asks twice, for the section `functions`. */
export function twoPromptsFunction(answers: {
  readonly password: string;
  readonly code: string;
  readonly role: string;
  /** As in `HomeDirectoryDetails`. */
  readonly homeTarget: string;
}): Section {
  return {
    [TWO_PROMPTS_ARN]: {
      module: TWO_PROMPTS_MODULE,
      environment: {
        PROMPTED_PASSWORD: answers.password,
        PROMPTED_CODE: answers.code,
        PROMPTED_ROLE: answers.role,
        PROMPTED_TARGET: answers.homeTarget,
      },
    },
  };
}

function methods(allowed: string): Section {
  return { IdentityProviderDetails: { SftpAuthenticationMethods: allowed } };
}
