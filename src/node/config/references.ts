/** What must fit together across the configuration: names that are used exist, and names that are unique are. */

import { createHash } from 'node:crypto';
import { checkIdentityProviders } from './identity-references.ts';
import type { Mismatch } from './problem.ts';
import type { ParsedConfiguration } from './schema.ts';

/** The id of a server that has none: the same at every start, and no secret. */
export function serverIdAt(index: number): string {
  const digest = createHash('sha256').update(`drawbridge server ${index}`).digest('hex');
  return `s-${digest.slice(0, 17)}`;
}

export function checkReferences(configuration: ParsedConfiguration): readonly Mismatch[] {
  return [
    ...checkIdentityProviders(configuration),
    ...checkStorageNames(configuration),
    ...checkServerIds(configuration),
    ...checkListenAddresses(configuration),
  ];
}

/** Home directories begin with either kind of name, so one name must not mean two places. */
function checkStorageNames({ storage }: ParsedConfiguration): Mismatch[] {
  const strayAccessPoints = Object.entries(storage.accessPoints)
    .filter(([, { fileSystem }]) => !Object.hasOwn(storage.fileSystems, fileSystem))
    .map(([id, { fileSystem }]) => ({
      path: ['storage', 'accessPoints', id, 'fileSystem'],
      message: `no file system '${fileSystem}' is configured; add it under storage.fileSystems`,
    }));
  const shared = (['fileSystems', 'accessPoints'] as const).flatMap((kind) =>
    Object.keys(storage[kind])
      .filter((name) => Object.hasOwn(storage.buckets, name))
      .map((name) => ({
        path: ['storage', kind, name],
        message: 'is the name of a bucket too; rename one of them',
      })),
  );
  return [...strayAccessPoints, ...shared];
}

function checkServerIds({ servers }: ParsedConfiguration): Mismatch[] {
  return findRepeated(servers.map((server, index) => server.ServerId ?? serverIdAt(index))).map(
    ({ value, index, firstIndex }) => ({
      path: ['servers', index, 'ServerId'],
      message: `'${value}' is the id of servers[${firstIndex}] too; give this server an id of its own`,
    }),
  );
}

function checkListenAddresses({ servers }: ParsedConfiguration): Mismatch[] {
  const addresses = servers.map(({ listen: { SFTP } }) =>
    // Port 0 is another free port every time.
    SFTP.port === 0 ? undefined : `${SFTP.host.toLowerCase()} port ${SFTP.port}`,
  );
  return findRepeated(addresses).map(({ value, index, firstIndex }) => ({
    path: ['servers', index, 'listen', 'SFTP'],
    message: `servers[${firstIndex}] listens on ${value} already; choose another port`,
  }));
}

function findRepeated(values: readonly (string | undefined)[]) {
  return values.flatMap((value, index) => {
    const firstIndex = values.indexOf(value);
    return value === undefined || firstIndex === index ? [] : [{ value, index, firstIndex }];
  });
}
