/** The process of a built-in provider without the provider: the user's name says what happens (tests only). */

import { setTimeout as sleep } from 'node:timers/promises';
import { Denied, IdentityFault } from '../decision.ts';
import type { HandleOptions } from '../handler.ts';
import type { BuiltInMessage, BuiltInReply } from '../transports/built-in-protocol.ts';
import { type Answering, BuiltInServing } from '../transports/built-in-serving.ts';
import { openHostChannel } from '../transports/host-channel.ts';

const SLOW_MS = 2000;

const serving = new BuiltInServing({ make, send: openHostChannel<BuiltInReply>().send });
process.on('message', (message: BuiltInMessage) => serving.receive(message));
process.on('disconnect', () => void serving.close().then(() => process.exit()));

/** The names of users, and what is done for them. */
const BEHAVIOURS: Readonly<Record<string, (options: HandleOptions) => Promise<object>>> = {
  alice: async ({ onDecision }) => {
    onDecision?.({ code: 'GRANTED', message: 'Let in.' });
    return { Role: 'r', pid: process.pid };
  },
  denied: async ({ onDecision }) => {
    onDecision?.({ code: 'BAD_CREDENTIALS', message: new Denied('BAD_CREDENTIALS').message });
    return {};
  },
  slow: async ({ signal }) => {
    await sleep(SLOW_MS, undefined, { signal });
    return { Role: 'slow' };
  },
  fault: () => Promise.reject(new IdentityFault('UPSTREAM_TIMED_OUT', 'Okta.')),
  mistake: () => Promise.reject(new TypeError('Cannot read the password c4nary')),
  deaf: () => new Promise(() => {}),
  crash: () => process.exit(3),
  loop: () => {
    for (;;);
  },
};

function make(configuration: unknown): Answering {
  if (configuration === 'broken') throw new IdentityFault('CONFIGURATION_INVALID', 'It is broken.');
  return {
    check: async () => {
      if (configuration === 'unreachable') throw new IdentityFault('UPSTREAM_UNREACHABLE');
    },
    handle: (event, options) => {
      if (typeof event !== 'object' || event === null) throw new IdentityFault('EVENT_INVALID');
      const name: unknown = Reflect.get(event, 'username');
      if (name === 'environment') return Promise.resolve({ ...process.env });
      if (name === 'arguments') return Promise.resolve([process.argv, process.execArgv]);
      if (name === 'talkative') return talk(event, options);
      return BEHAVIOURS[String(name)]?.(options) ?? Promise.resolve({ configuration });
    },
    close: async () => {},
  };
}

async function talk(event: object, { onDecision }: HandleOptions): Promise<object> {
  const password = String(Reflect.get(event, 'password'));
  console.log(`got ${password}`);
  onDecision?.({ code: 'BAD_CREDENTIALS', message: `wrong: ${password}` });
  return {};
}
