/**
 * What a store says about one user: credentials, conditions and the session they get.
 *
 * Every store speaks the same members, with the names of the AWS contract and of the AWS samples' secrets (docs/identity/records.md):
 * a secret, a DynamoDB item, a SQL row, an entry of a file, attributes of a directory, the `set` of a group rule.
 */

import type { PosixProfile } from '../../files/storage.ts';
import type { IdentityProtocol } from '../request.ts';
import type { Secret } from '../secret.ts';

/** The members of a record as a store holds them, before they are checked. */
export type RecordMembers = Readonly<Record<string, unknown>>;

export interface RecordKey {
  /** As in an authorized_keys file, options included. */
  readonly line: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs?: number;
}

/** A one-time-password secret of the user (RFC 6238). */
export interface TotpSettings {
  readonly secret: Secret;
  readonly digits: number;
  readonly periodSeconds: number;
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
}

/** What a session is made of, in the members of the contract. Homes are inherited as a whole, never mixed from two records. */
export interface SessionProfile {
  readonly role?: string;
  readonly policy?: string;
  readonly home?: {
    readonly type: 'PATH' | 'LOGICAL';
    readonly directory?: string;
    readonly details?: readonly {
      readonly Entry: string;
      readonly Target: string;
      readonly Type?: 'FILE' | 'DIRECTORY';
    }[];
  };
  readonly posixProfile?: PosixProfile;
}

/**
 * A checked record, already for one protocol: `FTPPassword` has taken the place of `Password` where the login is FTP.
 * Absent conditions allow everything; an empty list allows nothing.
 */
export interface UserRecord {
  readonly enabled: boolean;
  /** Milliseconds since 1970. */
  readonly validFromMs?: number;
  readonly validToMs?: number;
  readonly protocols?: readonly IdentityProtocol[];
  readonly serverIds?: readonly string[];
  /** Networks in CIDR notation or addresses, checked. */
  readonly sourceNetworks?: readonly string[];
  /** Plain or a self-describing hash. */
  readonly password?: Secret;
  /** Whether `password` stands in the record for this protocol by name (`FTPPassword`). */
  readonly isPasswordOfProtocol: boolean;
  readonly publicKeys: readonly RecordKey[];
  readonly totp?: TotpSettings;
  /** The name at the identity provider, where it is another one. */
  readonly identityProviderUserName?: string;
  readonly session: SessionProfile;
}

/** Something about a record that its owner should know; never a reason to refuse. */
export interface RecordRemark {
  /** Name of the member, `Role`. */
  readonly member: string;
  readonly text: string;
}

/** Where records are. */
export interface RecordStore {
  /** The members of the user's record, undefined where there is none. @throws IdentityFault, Denied RECORD_INVALID */
  find(key: RecordLookUp, signal: AbortSignal): Promise<RecordMembers | undefined>;
  /** Writes back a password hash that was renewed, if the store can: only where the old one is still there. */
  replacePassword?(
    key: RecordLookUp,
    change: { readonly member: string; readonly from: Secret; readonly to: Secret },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Proves that the store can be asked, without any user. @throws IdentityFault */
  check?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface RecordLookUp {
  readonly userName: string;
  readonly serverId: string;
  readonly protocol: IdentityProtocol;
}
