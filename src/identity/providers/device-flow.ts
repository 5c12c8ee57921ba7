/** The device authorization grant (RFC 8628) as a dialogue: a code to enter in a browser, then polls until it is approved. */

import { z } from 'zod';
import { Denied, IdentityFault } from '../decision.ts';
import { Secret } from '../secret.ts';
import { secureUrl } from '../upstream/secure-url.ts';
import { flowShape, PendingFlows } from './pending-flows.ts';
import type { Json, Login, Question, Step } from './provider.ts';

/** RFC 8628 section 3.2, where the server names none. */
export const DEFAULT_INTERVAL_SECONDS = 5;
/** RFC 8628 section 3.5: so much longer after `slow_down`. */
const SLOW_DOWN_SECONDS = 5;
/** Longest device code: it travels in the state of the dialogue. */
export const MAX_DEVICE_CODE_CHARACTERS = 2048;
const MS_PER_SECOND = 1000;

/** `device_code` and the rest of an authorization, as the RFC spells them; what is shown must be fit to be shown. */
export const deviceAuthorization = z.looseObject({
  device_code: z.string().min(1).max(MAX_DEVICE_CODE_CHARACTERS),
  user_code: z.string().regex(/^[\x21-\x7e]{1,32}$/),
  verification_uri: secureUrl.max(512).regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive(),
  interval: z.number().positive().nullish(),
});
export type DeviceAuthorization = z.output<typeof deviceAuthorization>;

export type DevicePoll<Tokens> =
  | { readonly outcome: 'tokens'; readonly tokens: Tokens }
  | { readonly outcome: 'pending'; readonly isTooFast: boolean };

/** The two calls of the grant, each made once. Both throw Denied and IdentityFault. */
export interface DeviceEndpoints<Tokens> {
  authorize(login: Login): Promise<DeviceAuthorization>;
  poll(login: Login, deviceCode: Secret): Promise<DevicePoll<Tokens>>;
}

export interface DeviceFlowSettings<Tokens> {
  readonly endpoints: DeviceEndpoints<Tokens>;
  /** `enter`: the user says when it is done. `poll`: nothing is to be typed. */
  readonly waiting: 'enter' | 'poll';
  /** Longest time for the user, in seconds; the server's may be shorter. */
  readonly limitSeconds: number;
  readonly now: () => number;
}

const savedShape = z.strictObject({
  stage: z.literal('device'),
  flow: flowShape,
  deviceCode: z.string(),
  untilMs: z.number(),
  nextPollAtMs: z.number(),
  intervalSeconds: z.number(),
});
type Saved = z.output<typeof savedShape>;

export type DeviceStep<Tokens> =
  | Extract<Step, { outcome: 'asks' }>
  | { readonly outcome: 'tokens'; readonly tokens: Tokens };

export class DeviceFlow<Tokens> {
  readonly #settings: DeviceFlowSettings<Tokens>;
  readonly #pending: PendingFlows;

  constructor(settings: DeviceFlowSettings<Tokens>) {
    this.#settings = settings;
    this.#pending = new PendingFlows(settings.now);
  }

  /** @throws Denied MFA_REQUIRED where nobody could be shown the code; IdentityFault */
  async begin(login: Login): Promise<Step> {
    if (!login.canPrompt) throw new Denied('MFA_REQUIRED', 'The client cannot show a code.');
    const { endpoints, limitSeconds, now } = this.#settings;
    const authorization = await endpoints.authorize(login);
    const intervalSeconds = authorization.interval ?? DEFAULT_INTERVAL_SECONDS;
    const saved: Saved = {
      stage: 'device',
      flow: this.#pending.begin(login),
      deviceCode: authorization.device_code,
      untilMs: now() + Math.min(authorization.expires_in, limitSeconds) * MS_PER_SECOND,
      nextPollAtMs: now() + intervalSeconds * MS_PER_SECOND,
      intervalSeconds,
    };
    return this.#ask(saved, instructionOf(login, authorization));
  }

  /** What was typed does not matter. @throws Denied, IdentityFault */
  async goOn(login: Login, json: Json): Promise<DeviceStep<Tokens>> {
    const parsed = savedShape.safeParse(json);
    if (!parsed.success) throw new Denied('STATE_INVALID');
    const saved = parsed.data;
    this.#pending.requireNewest(login, saved.flow);
    return this.#poll(login, saved);
  }

  async #poll(login: Login, saved: Saved): Promise<DeviceStep<Tokens>> {
    const { endpoints, now } = this.#settings;
    if (now() >= saved.untilMs) throw new Denied('MFA_TIMED_OUT', 'Nobody approved the login in time.');
    if (now() < saved.nextPollAtMs) return this.#ask(saved, this.#again('Please wait a moment.'));
    const polled = await endpoints.poll(login, new Secret(saved.deviceCode));
    if (polled.outcome === 'tokens') return polled;
    const intervalSeconds = saved.intervalSeconds + (polled.isTooFast ? SLOW_DOWN_SECONDS : 0);
    const nextPollAtMs = now() + intervalSeconds * MS_PER_SECOND;
    return this.#ask({ ...saved, intervalSeconds, nextPollAtMs }, this.#again('It is not approved yet.'));
  }

  /** A poll shows nothing new. */
  #again(text: string): string | undefined {
    return this.#settings.waiting === 'enter' ? text : undefined;
  }

  #ask(saved: Saved, instruction: string | undefined): Extract<Step, { outcome: 'asks' }> {
    const { waiting, now } = this.#settings;
    const shown = instruction === undefined ? {} : { instruction };
    const waitSeconds = Math.max((saved.nextPollAtMs - now()) / MS_PER_SECOND, 1);
    const question: Question =
      waiting === 'poll'
        ? { ...shown, prompts: [], pollSeconds: waitSeconds }
        : { ...shown, prompts: [{ text: 'Press Enter when it is done: ', echo: true }] };
    return { outcome: 'asks', question, saved };
  }
}

/** An authorization of RFC 8628 section 3.2. @throws IdentityFault UPSTREAM_ANSWER_INVALID */
export function readDeviceAuthorization(json: unknown, name: string): DeviceAuthorization {
  const parsed = deviceAuthorization.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `${name} begins no device flow.`);
}

/**
 * Somebody else may have begun the login and sent the code on (RFC 8628 section 5.4), so it says whose login it is and where from.
 * The link with the code in it is not shown: who types the code has seen it.
 */
function instructionOf({ userName, serverId, sourceIp }: Login, authorization: DeviceAuthorization): string {
  return [
    `Open ${authorization.verification_uri} and enter the code ${authorization.user_code}`,
    `Login of ${userName} to ${serverId} from ${sourceIp}. Never use a code that somebody sent you.`,
  ].join('\n');
}
