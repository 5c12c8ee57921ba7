/** Reads the event of the Lambda contract, as such or inside an event of an API Gateway proxy. */

import { z } from 'zod';
import { MAX_CHALLENGE_PROMPTS } from '../challenge-answer.ts';
import { Denied, IdentityFault } from '../decision.ts';
import type { RefusalCode } from '../refusal.ts';
import { type IdentityProtocol, IdentityRequest, type LoginAttempt } from '../request.ts';
import type { Scrubber } from '../scrubber.ts';
import { Secret } from '../secret.ts';
import { lambdaEventOf } from './proxy-event.ts';

const eventSchema = z.looseObject({
  username: z.string(),
  password: z.string().nullish(),
  protocol: z.enum(['SFTP', 'FTPS', 'FTP']),
  serverId: z.string().regex(/^s-[0-9a-f]{17}$/),
  sourceIp: z.union([z.ipv4(), z.ipv6(), z.literal('')]).nullish(),
  challengeAnswers: z.array(z.string()).max(MAX_CHALLENGE_PROMPTS).nullish(),
  state: z.string().nullish(),
  interactive: z.boolean().nullish(),
});

/** What the user gave. `keys`: nothing, so the server asks which keys may log in. `begin`: nothing yet, in a dialogue. */
export type Given =
  | { readonly kind: 'keys' }
  | { readonly kind: 'password'; readonly password: Secret }
  | { readonly kind: 'begin' }
  | { readonly kind: 'answers'; readonly answers: readonly Secret[]; readonly state: string };

export interface LoginEvent {
  /** Of the contract's grammar; with the name of the provider, where one was given. */
  readonly userName: string;
  readonly protocol: IdentityProtocol;
  readonly serverId: string;
  /** Empty where the caller does not know it. */
  readonly sourceIp: string;
  /** Whether the user can be asked something. */
  readonly canPrompt: boolean;
  readonly given: Given;
  /** Removes what the user typed from a text. */
  readonly scrubber: Scrubber;
}

/**
 * @throws IdentityFault EVENT_INVALID for what is not of the contract
 * @throws Denied NAME_REFUSED, PASSWORD_UNUSABLE, STATE_INVALID, KEYS_NOT_ACCEPTED
 */
export function readEvent(value: unknown): LoginEvent {
  const read = eventSchema.safeParse(lambdaEventOf(value));
  if (!read.success) throw new IdentityFault('EVENT_INVALID', describe(read.error));
  const { username, protocol, serverId, interactive } = read.data;
  const sourceIp = read.data.sourceIp ?? '';
  const password = read.data.password ?? '';
  const challengeAnswers = read.data.challengeAnswers ?? undefined;
  const state = read.data.state ?? undefined;
  if (password !== '' && challengeAnswers !== undefined)
    throw new IdentityFault('EVENT_INVALID', 'It holds a password and answers.');
  const given = givenIn({ password, challengeAnswers, state, isInteractive: interactive === true });
  const request = checked({
    username,
    ...(password === '' ? {} : { password }),
    ...(challengeAnswers === undefined ? {} : { challengeAnswers }),
    ...(state === undefined ? {} : { state }),
    protocol,
    serverId,
    sourceIp,
  });
  // FTP and FTPS know no keys; such an event is a password login whose password got lost.
  if (given.kind === 'keys' && protocol !== 'SFTP')
    throw new Denied('KEYS_NOT_ACCEPTED', `${protocol} has no logins by key.`);
  return {
    userName: username,
    protocol,
    serverId,
    sourceIp,
    canPrompt: interactive === true || given.kind === 'answers',
    given,
    scrubber: request.scrubber(),
  };
}

function givenIn(event: {
  readonly password: string;
  readonly challengeAnswers: readonly string[] | undefined;
  readonly state: string | undefined;
  readonly isInteractive: boolean;
}): Given {
  const { password, challengeAnswers, state, isInteractive } = event;
  if (challengeAnswers === undefined)
    return password === '' ? { kind: 'keys' } : { kind: 'password', password: new Secret(password) };
  if (state !== undefined)
    return { kind: 'answers', answers: challengeAnswers.map((answer) => new Secret(answer)), state };
  if (challengeAnswers.length > 0) throw new Denied('STATE_INVALID', 'There are answers and no state.');
  if (!isInteractive)
    throw new IdentityFault('EVENT_INVALID', 'It begins a dialogue and says that nobody can be asked.');
  return { kind: 'begin' };
}

/** The grammar of names and passwords stands once, in the request that the server makes events from. */
function checked(attempt: LoginAttempt): IdentityRequest {
  const prepared = IdentityRequest.from(attempt);
  if (prepared.outcome === 'ready') return prepared.request;
  throw new Denied(
    prepared.code === 'USER_NAME_INVALID' ? 'NAME_REFUSED' : 'PASSWORD_UNUSABLE',
    hint(prepared.code),
  );
}

/**
 * A blank password is a password, and nobody's: an event with one comes from a user who typed spaces, and must not be
 * answered with their keys and role as a look-up is.
 */
function hint(code: RefusalCode): string {
  return code === 'PASSWORD_BLANK' ? 'It is blank.' : `${code}.`;
}

/** Whether this may be the name of a user, once the name of the provider is taken off. */
export function isUserName(text: string): boolean {
  const attempt: LoginAttempt = { username: text, protocol: 'SFTP', serverId: '', sourceIp: '' };
  return IdentityRequest.from(attempt).outcome === 'ready';
}

/** Names members only: their values may be what the user typed. */
function describe({ issues }: z.ZodError): string {
  const members = issues.map(({ path }) => path.join('.') || 'event').join(', ');
  return `Not of the contract: ${members}.`;
}
