/** The command line of the interop run. */

import { parseArgs } from 'node:util';
import type { Client } from './client.ts';
import { CLIENTS } from './clients/all.ts';
import { parseSize } from './lab/size.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { SECURITY } from './security.ts';
import type { TargetName } from './target.ts';

/** The parts of a run, as the option `--section` names them. */
export const SECTIONS = ['operations', 'logins', 'algorithms', 'homes', 'random access', SECURITY] as const;
export type SectionName = (typeof SECTIONS)[number];

const STORAGES = ['disk', 's3'] as const satisfies readonly TargetName[];
/** What a storage can break. Logins and algorithms know nothing of storages. */
const S3_SECTIONS: readonly SectionName[] = ['operations', 'homes'];
/** Of those that share their code with others, one is enough to try a second storage with. */
const S3_CLIENTS = ['sftp', 'like WinSCP', 'like FileZilla', 'lftp', 'curl', 'rclone', 'sshfs', 'paramiko'];
const S3_BYTES = 256 * 2 ** 20;
/** A bucket is never full. */
const NOT_OF_BUCKETS = ['free space'];

export const USAGE = `usage: node test/interop/main.ts [options]
  --client NAME      only this client; may be repeated
  --operation NAME   only this operation; may be repeated
  --section NAME     only this part of the run, of ${SECTIONS.join(', ')}; may be repeated
  --storage NAME     only this storage, of ${STORAGES.join(', ')}; with more clients and larger files where it is not disk
  --size SIZE        size of the large file, default 1G
  --target NAME      drawbridge (default), or sshd to try the clients themselves`;

/** What is done with one target. */
export interface Plan {
  readonly target: TargetName;
  readonly clients: readonly Client[];
  readonly operations: readonly Operation[];
  readonly sections: readonly SectionName[];
  /** Of the large file. */
  readonly sizeBytes: number;
  /** With every way to log in that a client knows, or with a key alone. */
  readonly credentials: 'all' | 'key';
}

/** @throws Error for an option that is not known */
export function readPlans(args: readonly string[]): readonly Plan[] {
  const { values } = parseArgs({
    args: [...args],
    options: {
      client: { type: 'string', multiple: true, default: [] },
      operation: { type: 'string', multiple: true, default: [] },
      section: { type: 'string', multiple: true, default: [] },
      storage: { type: 'string', multiple: true, default: [] },
      size: { type: 'string', default: '1G' },
      target: { type: 'string', default: 'drawbridge' },
    },
  });
  const { client, operation, section, size, target, storage } = values;
  if (target !== 'drawbridge' && target !== 'sshd') throw new Error(`there is no target '${target}'`);
  const storages = chosen('storage', storage, named(STORAGES)).map(({ name }) => name);
  const whole: Plan = {
    target: 'disk',
    clients: chosen('client', client, CLIENTS),
    operations: chosen('operation', operation, OPERATIONS),
    sections: chosen('section', section, named(SECTIONS)).map(({ name }) => name),
    sizeBytes: parseSize(size),
    credentials: 'all',
  };
  if (target === 'sshd') return [{ ...whole, target, sections: ['operations'] }];
  const s3 = onS3(whole, { isAskedFor: storage.length > 0, choosesClients: client.length > 0 });
  return storages.map((name) => (name === 's3' ? s3 : whole)).filter(({ sections }) => sections.length > 0);
}

/** A second storage is tried more briefly, unless it is asked for by name. */
function onS3(whole: Plan, how: { readonly isAskedFor: boolean; readonly choosesClients: boolean }): Plan {
  const isBrief = !how.isAskedFor && !how.choosesClients;
  return {
    ...whole,
    target: 's3',
    clients: isBrief ? whole.clients.filter(({ name }) => S3_CLIENTS.includes(name)) : whole.clients,
    operations: whole.operations.filter(
      ({ name, scale }) => scale !== 'huge' && !NOT_OF_BUCKETS.includes(name),
    ),
    sections: whole.sections.filter((name) => S3_SECTIONS.includes(name)),
    sizeBytes: how.isAskedFor ? whole.sizeBytes : Math.min(S3_BYTES, whole.sizeBytes),
    credentials: 'key',
  };
}

function named<T extends string>(names: readonly T[]): readonly { readonly name: T }[] {
  return names.map((name) => ({ name }));
}

/** Those asked for; all of them where none is. @throws Error naming the one that is not known */
function chosen<T extends { readonly name: string }>(
  kind: string,
  asked: readonly string[],
  known: readonly T[],
): readonly T[] {
  const names = known.map(({ name }) => name);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${kind} '${unknown}'; known: ${names.join(', ')}`);
  return asked.length === 0 ? known : known.filter(({ name }) => asked.includes(name));
}
