/** Fuzz: login requests with passwords, keys, signatures and certificates, whole and damaged, after a real handshake. */

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import type { Authenticator, AuthMethod, DialogueAttempt } from '../../src/ssh/authenticator.ts';
import { HostKey } from '../../src/ssh/host-key.ts';
import { Message } from '../../src/ssh/message.ts';
import { connect, makeHostKeys } from '../../src/ssh/testing/pair.ts';
import { ByteWriter } from '../../src/wire/byte-writer.ts';
import { certificateBlob, certificateShape, type SigningKey } from './certificate-blob.ts';
import { mutated, mutations } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const USER = 'alice';
const PASSWORD = 'correct horse';
const RIGHT_ANSWERS = ['yes', 'indeed'];
const [own, authority] = [signingKey(), signingKey()];
/** No message has this number: its answer says that all before it were dealt with. */
const MARKER = Buffer.from([25]);

function signingKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: new HostKey(privateKey).publicKey, privateKey };
}

const request = fc.oneof(
  fc.record({
    kind: fc.constant('password' as const),
    password: fc.constantFrom(PASSWORD, 'wrong', ''),
    isChange: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('none' as const),
    method: fc.constantFrom('none', 'keyboard-interactive', 'hostbased', ''),
  }),
  fc.record({
    kind: fc.constant('key' as const),
    isSigned: fc.boolean(),
    certificate: fc.option(certificateShape, { nil: undefined }),
    blobMutations: mutations,
  }),
  fc.record({ kind: fc.constant('dialogue' as const) }),
  fc.record({
    kind: fc.constant('answers' as const),
    answers: fc.oneof(fc.constant(RIGHT_ANSWERS), fc.array(fc.string(), { maxLength: 4 })),
  }),
);

const login = fc.array(fc.record({ request, mutations }), { minLength: 1, maxLength: 5 });
/** Refusals are slow on purpose: several clients log in side by side. */
const input = fc.array(login, { minLength: 1, maxLength: 12 });

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;
type Login = Input[number];

/** A message and whether, untouched, it proves the user. */
interface Sent {
  readonly message: Buffer;
  readonly isProof: boolean;
}

/** Believes every key and one password, and keeps what it was asked. */
class Believer implements Authenticator<string> {
  readonly methods: readonly AuthMethod[] = ['publickey', 'password', 'keyboard-interactive'];
  readonly provenBlobs: Buffer[] = [];

  async password({ password }: { readonly password: string }) {
    if (password === PASSWORD) return { outcome: 'accepted', identity: 'by password' } as const;
    return { outcome: 'refused', methods: this.methods } as const;
  }

  async keyboardInteractive({ prompt }: DialogueAttempt) {
    const prompts = RIGHT_ANSWERS.map((text) => ({ text, echo: false }));
    const answers = await prompt({ name: '', instruction: 'Say yes.', prompts });
    const isRight = answers.every((answer, index) => answer === RIGHT_ANSWERS[index]);
    if (isRight) return { outcome: 'accepted', identity: 'by dialogue' } as const;
    return { outcome: 'refused', methods: this.methods } as const;
  }

  async acceptsKey(): Promise<boolean> {
    return true;
  }

  async keyProven({ key }: { readonly key: { readonly blob: Buffer } }) {
    this.provenBlobs.push(key.blob);
    return { outcome: 'accepted', identity: 'by key' } as const;
  }
}

function encoded(given: Login[number]['request'], sessionId: Buffer): Sent {
  const start = (method: string): ByteWriter =>
    new ByteWriter(2048).uint8(Message.USERAUTH_REQUEST).string(USER).string('ssh-connection').string(method);
  switch (given.kind) {
    case 'none':
      return { message: start(given.method).finish(), isProof: false };
    case 'password': {
      const message = start('password').boolean(given.isChange).string(given.password);
      if (given.isChange) message.string('new');
      return { message: message.finish(), isProof: given.password === PASSWORD && !given.isChange };
    }
    case 'answers': {
      const message = new ByteWriter(1024).uint8(61).uint32(given.answers.length);
      for (const answer of given.answers) message.string(answer);
      return { message: message.finish(), isProof: `${given.answers}` === `${RIGHT_ANSWERS}` };
    }
    case 'dialogue':
      return { message: start('keyboard-interactive').string('').string('').finish(), isProof: false };
    case 'key': {
      const { isSigned, certificate, blobMutations } = given;
      const blob = mutated(
        certificate === undefined ? own.publicKey.blob : certificateBlob(own, authority, certificate),
        blobMutations,
      );
      const algorithm = certificate === undefined ? 'ssh-ed25519' : 'ssh-ed25519-cert-v01@openssh.com';
      const body = start('publickey').boolean(isSigned).string(algorithm).string(blob).finish();
      if (!isSigned) return { message: body, isProof: false };
      const signed = new ByteWriter(2048).string(sessionId).bytes(body).finish();
      const signature = new ByteWriter(128)
        .string('ssh-ed25519')
        .string(sign(null, signed, own.privateKey))
        .finish();
      return { message: new ByteWriter(4096).bytes(body).string(signature).finish(), isProof: true };
    }
  }
}

/** Whether damage can make a proof of it: the secret is there, and only a flag or a count is in its way. */
function holdsSecret(given: Login[number]['request']): boolean {
  if (given.kind === 'password') return given.password === PASSWORD;
  return given.kind === 'answers' && RIGHT_ANSWERS.every((answer, index) => given.answers[index] === answer);
}

async function checkLogin(requests: Login): Promise<void> {
  const authenticator = new Believer();
  const { client, closed, authenticated } = connect({ hostKeys, authenticator });
  await client.handshake();
  await client.startAuthentication();
  let proofs = 0;
  for (const { request: given, mutations: changes } of requests) {
    const { message, isProof } = encoded(given, client.sessionId ?? Buffer.alloc(0));
    const damaged = mutated(message, changes);
    // Without its number it would be another message.
    const sent = Buffer.concat([message.subarray(0, 1), damaged.subarray(1)]);
    // Bytes behind the end of a request are passed over.
    const isWhole = sent.subarray(0, message.length).equals(message);
    if (isWhole ? isProof : holdsSecret(given)) proofs++;
    client.send(sent);
  }
  client.send(MARKER);
  const numbers: number[] = [];
  for (let next = await client.next(); next !== undefined; next = await client.next()) {
    numbers.push(next.number);
    if (next.number === Message.UNIMPLEMENTED) break;
  }
  client.stream.destroy();
  const { code, cause } = await closed;
  assert.notEqual(code, 'INTERNAL', `${cause instanceof Error ? cause.stack : cause}`);
  const successes = numbers.filter((number) => number === Message.USERAUTH_SUCCESS).length;
  assert.ok(successes <= 1, 'success is said once');
  assert.equal(authenticated.length, successes);
  assert.ok(successes <= proofs, 'nobody is let in without a proof');
  assert.ok(authenticator.provenBlobs.every((blob) => blob.equals(own.publicKey.blob)));
  const answers = numbers.filter((number) => number === 51 || number === 52 || number === 60).length;
  assert.ok(answers <= requests.length, 'a request has one answer');
}

export const authentication: FuzzTarget<Input> = {
  name: 'authentication',
  input,
  async check(logins) {
    await Promise.all(logins.map(checkLogin));
  },
};
