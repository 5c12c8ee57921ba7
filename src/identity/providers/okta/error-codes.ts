/** What Okta's error codes mean for a login. */

import { z } from 'zod';
import { type DenialCode, Denied, type FaultCode, IdentityFault } from '../../decision.ts';
import type { HttpAnswer } from '../../upstream/http.ts';

/** What was asked when the error came: the same code of a token is the user's there and ours here. */
export type Asked = 'primary authentication' | 'transaction' | 'users';

type Meaning = readonly [kind: 'denied', code: DenialCode] | readonly [kind: 'fault', code: FaultCode];

const denied = (code: DenialCode): Meaning => ['denied', code];
const fault = (code: FaultCode): Meaning => ['fault', code];

/** By `errorCode`, the only stable member of an error. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  E0000001: fault('CONFIGURATION_INVALID'),
  E0000003: fault('INTERNAL_ERROR'),
  // Also for unknown users and, unless the org shows it, for locked ones.
  E0000004: denied('BAD_CREDENTIALS'),
  E0000005: denied('STATE_INVALID'),
  E0000006: fault('CONFIGURATION_INVALID'),
  E0000009: fault('UPSTREAM_FAILED'),
  E0000010: fault('UPSTREAM_FAILED'),
  E0000014: denied('BAD_CREDENTIALS'),
  E0000015: fault('CONFIGURATION_INVALID'),
  E0000022: fault('CONFIGURATION_INVALID'),
  E0000038: denied('ACCOUNT_DISABLED'),
  E0000047: denied('THROTTLED'),
  E0000064: denied('PASSWORD_EXPIRED'),
  E0000068: denied('BAD_CODE'),
  E0000069: denied('ACCOUNT_LOCKED'),
  E0000074: fault('UPSTREAM_FAILED'),
  E0000079: denied('STATE_INVALID'),
  E0000082: denied('CODE_REPLAYED'),
  // Right, but late: the clock of the device is off.
  E0000083: denied('BAD_CODE'),
  E0000087: denied('BAD_CODE'),
  E0000095: denied('BAD_CREDENTIALS'),
  E0000105: denied('STATE_INVALID'),
  E0000109: denied('THROTTLED'),
  E0000119: denied('ACCOUNT_LOCKED'),
  E0000133: denied('THROTTLED'),
  E0000138: fault('UPSTREAM_FAILED'),
};

/** An unknown or expired token: our API token, or the state token of a login that took too long. */
const TOKEN_MEANINGS: Readonly<Record<Asked, Meaning>> = {
  'primary authentication': fault('CONFIGURATION_INVALID'),
  transaction: denied('STATE_INVALID'),
  users: fault('CONFIGURATION_INVALID'),
};

const NOT_FOUND_MEANINGS: Readonly<Record<Asked, Meaning>> = {
  'primary authentication': fault('CONFIGURATION_INVALID'),
  transaction: denied('STATE_INVALID'),
  users: denied('USER_UNKNOWN'),
};

const error = z.looseObject({ errorCode: z.string().regex(/^E\d{7}$/) });

/** Of an answer that is no success. The summary is not quoted: only the code is stable, and nobody knows what is in it. */
export function refusalOf({ status, json }: HttpAnswer, asked: Asked): Denied | IdentityFault {
  const parsed = error.safeParse(json);
  const code = parsed.success ? parsed.data.errorCode : undefined;
  const detail = `Okta answers the ${asked} with status ${status}${code === undefined ? '' : ` and ${code}`}.`;
  // Whatever the body says: a limit is never a wrong password.
  if (status === 429) return new Denied('THROTTLED', detail);
  if (code === undefined) return new IdentityFault('UPSTREAM_ANSWER_INVALID', detail);
  const [kind, meaning] = meaningOf(code, asked) ?? fault('UPSTREAM_FAILED');
  return kind === 'denied' ? new Denied(meaning, detail) : new IdentityFault(meaning, detail);
}

function meaningOf(code: string, asked: Asked): Meaning | undefined {
  if (code === 'E0000011') return TOKEN_MEANINGS[asked];
  if (code === 'E0000007') return NOT_FOUND_MEANINGS[asked];
  return Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}
