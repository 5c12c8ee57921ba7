/** What must fit together about identity providers: a server names one that its type goes with, and that exists. */

import type { Mismatch } from './problem.ts';
import type { ParsedConfiguration } from './schema.ts';

type Server = ParsedConfiguration['servers'][number];

/** The member that says which provider, by type. */
const NAMING_MEMBERS = {
  AWS_LAMBDA: 'Function',
  API_GATEWAY: 'Url',
  AWS_DIRECTORY_SERVICE: 'DirectoryId',
} as const;

/** Members that only go with `Url`. */
const GATEWAY_MEMBERS = ['InvocationRole', 'Region', 'ApiKey'] as const;

type Member = (typeof NAMING_MEMBERS)[Server['IdentityProviderType']] | (typeof GATEWAY_MEMBERS)[number];

interface Wrong {
  readonly member: Member;
  readonly message: string;
}

export function checkIdentityProviders(configuration: ParsedConfiguration): Mismatch[] {
  return configuration.servers.flatMap((server, index) =>
    [...namingMember(server, configuration), ...strayMembers(server)].map(({ member, message }) => ({
      path: ['servers', index, 'IdentityProviderDetails', member],
      message,
    })),
  );
}

function namingMember(server: Server, { functions, directories }: ParsedConfiguration): Wrong[] {
  const type = server.IdentityProviderType;
  const member = NAMING_MEMBERS[type];
  const value = server.IdentityProviderDetails[member];
  if (value === undefined) return [{ member, message: `is required with ${type}` }];
  if (member === 'Function' && !Object.hasOwn(functions, value))
    return [{ member, message: `no function '${value}' is configured; add it under functions:` }];
  if (member === 'DirectoryId' && !Object.hasOwn(directories, value))
    return [{ member, message: `no directory '${value}' is configured; add it under directories:` }];
  return [];
}

/** A member of another type has no effect, and who wrote it believes that it has. */
function strayMembers({ IdentityProviderType: type, IdentityProviderDetails: details }: Server): Wrong[] {
  const needed = NAMING_MEMBERS[type];
  const strays: readonly Member[] = [
    ...Object.values(NAMING_MEMBERS).filter((member) => member !== needed),
    ...(type === 'API_GATEWAY' ? [] : GATEWAY_MEMBERS),
  ];
  return strays
    .filter((member) => details[member] !== undefined)
    .map((member) => ({ member, message: `does not go with ${type}; remove it` }));
}
