/** Lays what several sources say about one person over each other. */

import type { SessionProfile, UserRecord } from '../records/record.ts';
import { commonNetworks } from './networks.ts';

/** What one source said. */
export interface Layer {
  /** Name of the source: `static`, `dynamodb`, `provider`. */
  readonly name: string;
  readonly record: UserRecord;
}

export interface LaidRecord {
  readonly record: UserRecord;
  /** For each member of the contract the sources that it is from, for the trace. */
  readonly origins: ReadonlyMap<string, readonly string[]>;
}

/** Says nothing and allows everything: what all layers are laid upon. */
export const EMPTY_RECORD: UserRecord = {
  enabled: true,
  isPasswordOfProtocol: false,
  publicKeys: [],
  session: {},
};

/**
 * From the most general to the most personal. The more personal wins for each of role, policy, home and POSIX profile, the home as a
 * whole: a directory of one record with the mappings of another leads nowhere. Conditions hold together, so no layer can
 * open what another one closes. Keys of all layers are good: else taking away somebody's last key in one place would
 * bring back older ones of another.
 */
export function layRecords(layers: readonly Layer[]): LaidRecord {
  const record = layers.reduce((lower, { record: upper }) => lay(lower, upper), EMPTY_RECORD);
  return { record, origins: originsOf(layers) };
}

function lay(lower: UserRecord, upper: UserRecord): UserRecord {
  return {
    ...lower,
    ...upper,
    ...conditionsOfBoth(lower, upper),
    isPasswordOfProtocol: (upper.password === undefined ? lower : upper).isPasswordOfProtocol,
    publicKeys: [...lower.publicKeys, ...upper.publicKeys],
    session: { ...lower.session, ...upper.session },
  };
}

function conditionsOfBoth(lower: UserRecord, upper: UserRecord): Partial<UserRecord> & { enabled: boolean } {
  const validFromMs = ofBoth(lower.validFromMs, upper.validFromMs, Math.max);
  const validToMs = ofBoth(lower.validToMs, upper.validToMs, Math.min);
  const protocols = ofBoth(lower.protocols, upper.protocols, common);
  const serverIds = ofBoth(lower.serverIds, upper.serverIds, common);
  const sourceNetworks = ofBoth(lower.sourceNetworks, upper.sourceNetworks, commonNetworks);
  return {
    enabled: lower.enabled && upper.enabled,
    ...(validFromMs === undefined ? {} : { validFromMs }),
    ...(validToMs === undefined ? {} : { validToMs }),
    ...(protocols === undefined ? {} : { protocols }),
    ...(serverIds === undefined ? {} : { serverIds }),
    ...(sourceNetworks === undefined ? {} : { sourceNetworks }),
  };
}

/** What is absent allows everything. */
function ofBoth<Value>(
  left: Value | undefined,
  right: Value | undefined,
  join: (left: Value, right: Value) => Value,
): Value | undefined {
  if (left === undefined) return right;
  return right === undefined ? left : join(left, right);
}

function common<Item>(left: readonly Item[], right: readonly Item[]): readonly Item[] {
  return left.filter((item) => right.includes(item));
}

const SESSION_MEMBERS = {
  role: 'Role',
  policy: 'Policy',
  home: 'HomeDirectory',
  posixProfile: 'PosixProfile',
} as const satisfies Record<keyof SessionProfile, string>;

function originsOf(layers: readonly Layer[]): ReadonlyMap<string, readonly string[]> {
  const origins = new Map<string, readonly string[]>();
  for (const { name, record } of layers) {
    if (record.session.role !== undefined) origins.set(SESSION_MEMBERS.role, [name]);
    if (record.session.policy !== undefined) origins.set(SESSION_MEMBERS.policy, [name]);
    if (record.session.home !== undefined) origins.set(SESSION_MEMBERS.home, [name]);
    if (record.session.posixProfile !== undefined) origins.set(SESSION_MEMBERS.posixProfile, [name]);
    if (record.publicKeys.length > 0) origins.set('PublicKeys', [...(origins.get('PublicKeys') ?? []), name]);
  }
  return origins;
}
