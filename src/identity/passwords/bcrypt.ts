/** bcrypt: read, never made. */

import { compare } from 'bcryptjs';
import { Denied } from '../decision.ts';
import { Secret } from '../secret.ts';

const BCRYPT = /^\$2[aby]\$(\d{2})\$[./A-Za-z0-9]{53}$/;
/** Everything behind these is not looked at by bcrypt: two long passwords would be the same. */
const MAX_PASSWORD_BYTES = 72;
const MIN_COST = 4;
/** About two seconds of one core; each step more doubles it. */
const MAX_COST = 14;

export interface Bcrypt {
  readonly scheme: 'bcrypt';
  readonly text: Secret;
}

/** Undefined where it is none, or one beyond the limits. */
export function parseBcrypt(text: string): Bcrypt | undefined {
  const cost = Number(BCRYPT.exec(text)?.[1] ?? 0);
  return cost >= MIN_COST && cost <= MAX_COST ? { scheme: 'bcrypt', text: new Secret(text) } : undefined;
}

/** Works in pieces on this thread. @throws Denied PASSWORD_UNUSABLE for more than 72 bytes */
export function verifyBcrypt(hash: Bcrypt, typed: Secret): Promise<boolean> {
  if (Buffer.byteLength(typed.reveal()) > MAX_PASSWORD_BYTES)
    throw new Denied('PASSWORD_UNUSABLE', 'The record has a bcrypt hash, which takes no more than 72 bytes.');
  return compare(typed.reveal(), hash.text.reveal());
}
