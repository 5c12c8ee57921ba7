/** Fuzz: KEXINITs and the messages of every key exchange method, whole and damaged. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toSshError } from '../../src/ssh/error.ts';
import { KexGate } from '../../src/ssh/kex/gate.ts';
import { KEX_METHODS } from '../../src/ssh/kex/method.ts';
import { KeyExchange } from '../../src/ssh/key-exchange.ts';
import { encodeKexInit } from '../../src/ssh/proposal.ts';
import { CLIENT_KEX } from '../../src/ssh/testing/client-kex.ts';
import { EVERY_ALGORITHM, makeHostKeys } from '../../src/ssh/testing/pair.ts';
import { ByteReader } from '../../src/wire/byte-reader.ts';
import { mutated, mutations } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

const hostKeys = makeHostKeys();
const METHODS = Object.keys(KEX_METHODS);
/** Group 18 takes a hundred times as long as the others. */
const QUICK = METHODS.filter((name) => !/group1|exchange/.test(name));

const name = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('ext-info-c', 'kex-strict-c-v00@openssh.com', ...METHODS),
);

const input = fc.record({
  method: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...QUICK) }, fc.constantFrom(...METHODS)),
  otherMethods: fc.array(name, { maxLength: 3 }),
  hostKey: fc.constantFrom('ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256'),
  guesses: fc.boolean(),
  kexInitMutations: mutations,
  messageMutations: fc.array(mutations, { maxLength: 3 }),
});

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

/** The connection ends with an error that is meant. */
function assertRefusal(error: unknown): void {
  const { code, cause } = toSshError(error);
  assert.notEqual(
    code,
    'INTERNAL',
    `not an error that was meant: ${cause instanceof Error ? cause.stack : cause}`,
  );
}

function clientKexInit({ method, otherMethods, hostKey, guesses }: Input): Buffer {
  // A name with a comma would be two.
  const kex = [method, ...otherMethods.filter((each) => /^[\x21-\x2b\x2d-\x7e]+$/.test(each))];
  const lists = { kex, hostKey: [hostKey], ciphers: ['aes128-gcm@openssh.com'], macs: [] };
  const payload = encodeKexInit(lists, Buffer.alloc(16, 7), []);
  if (guesses) payload[payload.length - 5] = 1;
  return payload;
}

/** The server ended the exchange, or waits for another message. */
class Ended extends Error {}

export const kex: FuzzTarget<Input> = {
  name: 'kex',
  input,
  async check(given) {
    const exchange = new KeyExchange({
      hostKeys,
      proposal: EVERY_ALGORITHM,
      serverIdent: 'SSH-2.0-Fuzzed',
      isInitial: true,
      cookie: Buffer.alloc(16, 1),
      gate: new KexGate(),
      signal: new AbortController().signal,
    });
    try {
      exchange.receiveKexInit(mutated(clientKexInit(given), given.kexInitMutations), 'SSH-2.0-Client');
    } catch (error) {
      return assertRefusal(error);
    }
    const isWhole = await talk(exchange, given);
    const isUntouched = [given.kexInitMutations, ...given.messageMutations].every(
      ({ length }) => length === 0,
    );
    if (isUntouched && !given.guesses) assert.ok(isWhole, 'an exchange without a mistake is agreed');
  },
};

/** @returns whether the exchange came to its end */
async function talk(exchange: KeyExchange, { method, messageMutations }: Input): Promise<boolean> {
  const client = CLIENT_KEX[method]?.({});
  assert.ok(client, `the test client knows ${method}`);
  const changes = [...messageMutations];
  let pending: Promise<Buffer | undefined> = Promise.resolve(undefined);
  let isAgreed = false;
  const receive = async (payload: Buffer): Promise<Buffer | undefined> => {
    const message = mutated(payload, changes.shift() ?? []);
    try {
      const result = await exchange.receive(message[0] ?? 0, message);
      if (result?.kind === 'agreed') {
        isAgreed = true;
        exchange.deriveKeys(result.exchangeHash);
        exchange.finish();
      }
      return result?.reply;
    } catch (error) {
      assertRefusal(error);
      return undefined;
    }
  };
  pending = receive(client.first);
  const expect = async (number: number): Promise<ByteReader> => {
    const reply = await pending;
    if (reply === undefined || reply[0] !== number) throw new Ended();
    return new ByteReader(reply, 1);
  };
  const send = (payload: Buffer): void => {
    pending = receive(payload);
  };
  // What the client makes of the answers to its damaged messages is its own affair.
  await client.finish({ send, expect }).catch(() => undefined);
  await pending;
  return isAgreed;
}
