/** Reads a transaction of the Authentication API: what Okta answers is checked before anything is made of it. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';
import type { Factor } from './factors.ts';

/** Longest token: it travels in the state of the dialogue. */
const MAX_TOKEN_CHARACTERS = 1024;
/** Of a label that is shown to the user, and travels too. */
const MAX_DETAIL_CHARACTERS = 80;

const token = z.string().min(1).max(MAX_TOKEN_CHARACTERS);
const link = z.looseObject({ href: z.string(), name: z.string().nullish() });
const profile = z.record(z.string(), z.unknown());

const challenge = z.looseObject({
  correctAnswer: z.union([z.int().min(0), z.string().regex(/^\d{1,4}$/)]).nullish(),
});

/** Profiles may be empty, and links may be missing. */
const factorShape = z.looseObject({
  factorType: z.string(),
  provider: z.string().nullish(),
  profile: profile.nullish(),
  _links: z.looseObject({ verify: link.nullish() }).nullish(),
  _embedded: z.looseObject({ challenge: challenge.nullish() }).nullish(),
});

/** The documentation and Okta's own libraries differ in name and form: `factors`, or `factor` with a list or with one. */
const factorList = z.union([z.array(factorShape), factorShape.transform((factor) => [factor])]).nullish();

const shape = z.looseObject({
  status: z.string(),
  stateToken: token.nullish(),
  sessionToken: z.string().nullish(),
  expiresAt: z.string().nullish(),
  factorResult: z.string().nullish(),
  _embedded: z
    .looseObject({
      user: z.looseObject({ id: z.string().min(1), profile: profile.nullish() }).nullish(),
      factors: factorList,
      factor: factorList,
    })
    .nullish(),
  _links: z
    .looseObject({
      next: link.nullish(),
      skip: link.nullish(),
      resend: z.union([z.array(link), link.transform((one) => [one])]).nullish(),
    })
    .nullish(),
});

export interface TransactionUser {
  readonly id: string;
  readonly profile: Readonly<Record<string, unknown>>;
}

export interface Transaction {
  readonly status: string;
  readonly stateToken: Secret | undefined;
  /** Whether Okta gave the session token that is the proof of success. Its text is of no use here. */
  readonly hasSessionToken: boolean;
  readonly expiresAtMs: number | undefined;
  readonly factorResult: string | undefined;
  readonly user: TransactionUser | undefined;
  /** Those with a link to verify them. */
  readonly factors: readonly Factor[];
  /** Which of three numbers is to be chosen on the phone. */
  readonly number: string | undefined;
  readonly pollHref: string | undefined;
  readonly skipHref: string | undefined;
  readonly resendHref: string | undefined;
}

/** @throws IdentityFault UPSTREAM_ANSWER_INVALID */
export function readTransaction(json: unknown): Transaction {
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta: no transaction.');
  const { status, stateToken, sessionToken, expiresAt, factorResult, _embedded, _links } = parsed.data;
  const listed = _embedded?.factors ?? _embedded?.factor ?? [];
  const answer = listed[0]?._embedded?.challenge?.correctAnswer ?? undefined;
  return {
    status,
    stateToken: typeof stateToken === 'string' ? new Secret(stateToken) : undefined,
    hasSessionToken: typeof sessionToken === 'string' && sessionToken !== '',
    expiresAtMs: typeof expiresAt === 'string' ? timeOf(expiresAt) : undefined,
    factorResult: factorResult ?? undefined,
    user: userOf(_embedded?.user),
    factors: listed.flatMap(readFactor),
    number: answer === undefined ? undefined : String(answer),
    pollHref: _links?.next?.name === 'poll' ? _links.next.href : undefined,
    skipHref: _links?.skip?.href,
    resendHref: _links?.resend?.[0]?.href,
  };
}

/** Why a status that is no success, and that nobody waited for, lets nobody in. */
export function statusRefusal({
  status,
  hasSessionToken,
  factorResult,
}: Transaction): Denied | IdentityFault {
  switch (status) {
    case 'MFA_REQUIRED':
      return new Denied('MFA_UNSUPPORTED', 'Okta asks for one more factor.');
    case 'MFA_CHALLENGE':
      return factorRefusal(factorResult);
    case 'MFA_ENROLL':
    case 'MFA_ENROLL_ACTIVATE':
      return new Denied('MFA_ENROLMENT_REQUIRED');
    case 'LOCKED_OUT':
      return new Denied('ACCOUNT_LOCKED');
    case 'PASSWORD_EXPIRED':
    case 'PASSWORD_RESET':
    case 'RECOVERY':
    case 'RECOVERY_CHALLENGE':
      return new Denied('PASSWORD_EXPIRED', `Okta answers ${status}.`);
    case 'UNAUTHENTICATED':
      return new Denied('CONDITIONAL_ACCESS', 'Okta asks for a step-up.');
    case 'SUCCESS':
      return new IdentityFault(
        'UPSTREAM_ANSWER_INVALID',
        hasSessionToken ? 'Okta names no user.' : 'Okta gives no session token.',
      );
    default:
      return new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta answers an unknown status.');
  }
}

/** A rejected push comes with status 200 and MFA_CHALLENGE: only SUCCESS is a success. */
function factorRefusal(factorResult: string | undefined): Denied | IdentityFault {
  switch (factorResult) {
    case 'REJECTED':
    case 'CANCELLED':
      return new Denied('MFA_REJECTED');
    case 'TIMEOUT':
      return new Denied('MFA_TIMED_OUT');
    case 'PASSCODE_REPLAYED':
      return new Denied('CODE_REPLAYED');
    case 'TIME_WINDOW_EXCEEDED':
      return new Denied('BAD_CODE', 'The clock of the device is off.');
    case 'CHALLENGE':
      return new Denied('MFA_UNSUPPORTED', 'The factor needs a browser.');
    case 'ERROR':
      return new IdentityFault('UPSTREAM_FAILED', 'The factor fails at Okta.');
    default:
      return new IdentityFault('UPSTREAM_ANSWER_INVALID', 'Okta goes on with a factor that was not begun.');
  }
}

function userOf(user: { id: string; profile?: unknown } | null | undefined): TransactionUser | undefined {
  if (user === null || user === undefined) return undefined;
  const parsed = profile.safeParse(user.profile);
  return { id: user.id, profile: parsed.success ? parsed.data : {} };
}

function readFactor({
  factorType,
  provider,
  profile: about,
  _links,
}: z.output<typeof factorShape>): Factor[] {
  const verifyHref = _links?.verify?.href;
  if (verifyHref === undefined) return [];
  const detail = [about?.questionText, about?.phoneNumber, about?.email, about?.name].find(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  return [
    {
      type: factorType,
      provider: provider ?? '',
      verifyHref,
      ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_DETAIL_CHARACTERS) }),
    },
  ];
}

function timeOf(text: string): number | undefined {
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
