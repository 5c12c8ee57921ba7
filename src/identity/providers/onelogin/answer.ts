/** Reads answers of OneLogin's Authentication API: only a named user with a session token is a success. */

import { z } from 'zod';
import { type DenialCode, Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import type { Device } from './devices.ts';

/** Longest token: it travels in the state of the dialogue. */
const MAX_TOKEN_CHARACTERS = 1024;
/** Most devices of a user, for the same reason. */
const MAX_DEVICES = 20;
const MAX_TYPE_CHARACTERS = 64;

const id = z.union([z.int().positive().transform(String), z.string().regex(/^\d{1,20}$/)]);
const user = z.looseObject({ id, username: z.string().nullish(), email: z.string().nullish() });
const success = z.looseObject({
  status: z.looseObject({ error: z.literal(false), code: z.literal(200) }),
  data: z.array(z.unknown()).min(1).max(1),
});
const authenticated = z.looseObject({
  status: z.string().regex(/^authenticated$/i),
  session_token: z.string().min(1),
  user,
});
const challenged = z.looseObject({
  state_token: z.string().min(1).max(MAX_TOKEN_CHARACTERS),
  session_token: z.undefined().optional(),
  user,
  devices: z
    .array(z.looseObject({ device_id: id, device_type: z.string().min(1).max(MAX_TYPE_CHARACTERS) }))
    .max(MAX_DEVICES),
});
const pending = z.looseObject({
  status: z.looseObject({ error: z.literal(false), code: z.literal(200), type: z.literal('pending') }),
});

const text = z.union([
  z.string(),
  z.looseObject({ description: z.string() }).transform(({ description }) => description),
]);
const failure = z.union([
  z.looseObject({ status: z.looseObject({ message: text }) }).transform(({ status }) => status.message),
  z.looseObject({ message: text }).transform(({ message }) => message),
]);

export type OneLoginUser = z.output<typeof user>;

export type OneLoginAnswer =
  | { readonly outcome: 'authenticated'; readonly user: OneLoginUser }
  | {
      readonly outcome: 'mfa-required';
      readonly user: OneLoginUser;
      readonly stateToken: Secret;
      readonly devices: readonly Device[];
    }
  | { readonly outcome: 'pending' };

/** What was judged: the same 401 is a wrong password, a wrong code or a rejected push. */
export type Judged = 'password' | 'code' | 'push';

/** @throws Denied, IdentityFault */
export function readAnswer(answer: HttpAnswer, judged: Judged): OneLoginAnswer {
  if (answer.status !== 200) throw refusalOf(answer, judged);
  if (pending.safeParse(answer.json).success) return { outcome: 'pending' };
  const [only] = success.safeParse(answer.json).data?.data ?? [];
  const proven = authenticated.safeParse(only);
  if (proven.success) return { outcome: 'authenticated', user: proven.data.user };
  const asked = challenged.safeParse(only);
  if (!asked.success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'OneLogin: no login.');
  const { state_token: stateToken, devices } = asked.data;
  return {
    outcome: 'mfa-required',
    user: asked.data.user,
    stateToken: new Secret(stateToken),
    devices: devices.map(({ device_id, device_type: type }) => ({ id: device_id, type })),
  };
}

const REFUSED: Readonly<Record<Judged, DenialCode>> = {
  password: 'BAD_CREDENTIALS',
  code: 'BAD_CODE',
  push: 'MFA_REJECTED',
};

/** Only words, and they change: whatever they say, the login is refused. */
const WORDS: readonly (readonly [RegExp, DenialCode])[] = [
  [/state.?token|timed? ?out/i, 'MFA_TIMED_OUT'],
  [/password.*expired|expired.*password/i, 'PASSWORD_EXPIRED'],
  [/locked/i, 'ACCOUNT_LOCKED'],
  [/suspended|inactive|not active|disabled/i, 'ACCOUNT_DISABLED'],
];

/** What OneLogin says where it does not know our bearer; to a wrong password it says `Authentication Failed`. */
const BEARER_REFUSED = /^(?:authentication failure|unauthorized|invalid (?:access )?token)\.?$/i;

/** Whether the answer is about our credentials and not about the user's. */
export function isAboutUs({ status, json }: HttpAnswer): boolean {
  const words = failure.safeParse(json).data ?? '';
  return status === 403 || (status === 401 && BEARER_REFUSED.test(words.trim()));
}

function refusalOf(answer: HttpAnswer, judged: Judged): Denied | IdentityFault {
  const { status, json } = answer;
  const detail = `OneLogin answers with status ${status}.`;
  if (status === 429) return new Denied('THROTTLED', detail);
  if (isAboutUs(answer) || status === 404) return new IdentityFault('CONFIGURATION_INVALID', detail);
  const words = failure.safeParse(json).data;
  if (words === undefined) return new IdentityFault('UPSTREAM_ANSWER_INVALID', detail);
  const code = WORDS.find(([pattern]) => pattern.test(words))?.[1];
  if (code !== undefined) return new Denied(code, detail);
  if (status === 401) return new Denied(REFUSED[judged], detail);
  return new IdentityFault(status === 400 ? 'CONFIGURATION_INVALID' : 'UPSTREAM_FAILED', detail);
}
