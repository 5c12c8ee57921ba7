import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { AddressList } from './address-list.ts';
import type { Authenticator, KeyTerms } from './authenticator.ts';
import { HostKey } from './host-key.ts';
import { Message } from './message.ts';
import {
  type CertificateFields,
  certificateType,
  makeCertificate,
  NO_VALUE,
  optionValue,
  signBlob,
} from './testing/certificate.ts';
import { channelRequest, type TestClient } from './testing/client.ts';
import { KeyBook } from './testing/key-book.ts';
import { keyQuery, keyRequest } from './testing/key-request.ts';
import { connect, EVERY_ALGORITHM, echo, makeHostKeys, PASSWORD, type Pair } from './testing/pair.ts';
import { SoftSecurityKey, TOUCHED, VERIFIED } from './testing/security-key.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const authority = generateKeyPairSync('ed25519').privateKey;
const authorityBlob = new HostKey(authority).publicKey.blob;
const HERE = '192.0.2.7';
const ELSEWHERE: CertificateFields['critical'] = [['source-address', optionValue('198.51.100.0/24')]];

const users = {
  'ssh-ed25519': generateKeyPairSync('ed25519').privateKey,
  'ecdsa-sha2-nistp256': generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  'ecdsa-sha2-nistp384': generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey,
  'ecdsa-sha2-nistp521': generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey,
  'ssh-rsa': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
const ed25519 = new HostKey(users['ssh-ed25519']).publicKey.blob;

type Options = Partial<Parameters<typeof connect>[0]>;

async function started(authenticator: Authenticator<string>, options: Options = {}): Promise<Pair> {
  const pair = connect({ hostKeys, authenticator, sourceAddress: HERE, ...options });
  await pair.client.handshake();
  await pair.client.startAuthentication();
  return pair;
}

/** Signs in with an Ed25519 key in a certificate of these fields. */
function sendCertificate(client: TestClient, fields: Partial<CertificateFields> = {}): void {
  const blob = makeCertificate({ key: ed25519, authority, ...fields });
  const request = { userName: 'alice', algorithm: certificateType('ssh-ed25519'), blob };
  client.send(
    keyRequest(client, request, (message) => signBlob(users['ssh-ed25519'], 'ssh-ed25519', message)),
  );
}

async function outcome(client: TestClient): Promise<'in' | 'refused' | 'partial'> {
  const received = await client.next();
  if (received?.number === Message.USERAUTH_SUCCESS) return 'in';
  assert.equal(received?.number, Message.USERAUTH_FAILURE);
  received.message.nameList();
  return received.message.boolean() ? 'partial' : 'refused';
}

const trusting = (terms: KeyTerms = {}): KeyBook =>
  new KeyBook({ blob: authorityBlob, isAuthority: true, terms });

for (const [name, privateKey] of Object.entries(users)) {
  for (const signatureName of name === 'ssh-rsa' ? ['rsa-sha2-256', 'rsa-sha2-512'] : [name]) {
    test(`certificate login - ${signatureName}: query, then signature`, async () => {
      const book = trusting();
      const { client, authenticated } = await started(book);
      const key = new HostKey(privateKey).publicKey.blob;
      const blob = makeCertificate({ key, authority, keyId: 'badge 7' });
      const algorithm = certificateType(signatureName);
      client.send(keyQuery('alice', algorithm, blob));
      const { message } = await client.expect(Message.USERAUTH_PK_OK);
      assert.equal(message.ascii(), algorithm);
      assert.deepEqual(message.string(), blob);
      const request = { userName: 'alice', algorithm, blob };
      client.send(keyRequest(client, request, (signed) => signBlob(privateKey, signatureName, signed)));
      assert.equal(await outcome(client), 'in');
      assert.deepEqual(authenticated, [`badge 7 ${name}`]);
    });
  }
}

for (const type of ['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const) {
  const conditions: readonly [string, KeyTerms, number, 'in' | 'refused'][] = [
    ['touched', {}, TOUCHED, 'in'],
    ['touched and verified', {}, TOUCHED | VERIFIED, 'in'],
    ['not touched', {}, 0, 'refused'],
    ['verified and not touched', {}, VERIFIED, 'refused'],
    ['not touched where it need not be', { isTouchOptional: true }, 0, 'in'],
    ['touched where it must be verified', { isVerificationRequired: true }, TOUCHED, 'refused'],
    ['verified where it must be', { isVerificationRequired: true }, TOUCHED | VERIFIED, 'in'],
    [
      'not touched and not verified where it must be verified',
      { isVerificationRequired: true, isTouchOptional: true },
      0,
      'refused',
    ],
  ];
  for (const [what, terms, flags, expected] of conditions) {
    test(`A-25 security key - ${type} ${what}: ${expected}`, async () => {
      const securityKey = new SoftSecurityKey(type);
      const { client, authenticated } = await started(new KeyBook({ blob: securityKey.blob, terms }));
      const request = { userName: 'alice', algorithm: type, blob: securityKey.blob };
      client.send(keyRequest(client, request, (message) => securityKey.sign(message, flags)));
      assert.equal(await outcome(client), expected);
      assert.equal(authenticated.length, expected === 'in' ? 1 : 0);
    });
  }

  test(`A-25 security key - ${type} in a certificate: its options count, and a term may tighten them`, async () => {
    const securityKey = new SoftSecurityKey(type);
    const signIn = async (terms: KeyTerms, fields: Partial<CertificateFields>, flags: number) => {
      const { client } = await started(trusting(terms));
      const blob = makeCertificate({ key: securityKey.blob, authority, ...fields });
      const request = { userName: 'alice', algorithm: certificateType(type), blob };
      client.send(keyRequest(client, request, (message) => securityKey.sign(message, flags)));
      return outcome(client);
    };
    const noTouch = { extensions: [['no-touch-required', NO_VALUE]] } as const;
    const verify = { critical: [['verify-required', NO_VALUE]] } as const;
    assert.equal(await signIn({}, {}, TOUCHED), 'in');
    assert.equal(await signIn({}, {}, 0), 'refused');
    assert.equal(await signIn({}, noTouch, 0), 'in');
    assert.equal(await signIn({ isTouchOptional: false }, noTouch, 0), 'refused');
    assert.equal(await signIn({ isTouchOptional: true }, {}, 0), 'refused');
    assert.equal(await signIn({}, verify, TOUCHED), 'refused');
    assert.equal(await signIn({}, verify, TOUCHED | VERIFIED), 'in');
  });
}

test('A-25 security key - flags that were changed behind the signature fail', async () => {
  const securityKey = new SoftSecurityKey('sk-ssh-ed25519@openssh.com');
  const book = new KeyBook({ blob: securityKey.blob });
  const { client } = await started(book);
  const request = { userName: 'alice', algorithm: securityKey.type, blob: securityKey.blob };
  client.send(
    keyRequest(client, request, (message) => {
      const signature = securityKey.sign(message, 0);
      signature[signature.length - 5] = TOUCHED;
      return signature;
    }),
  );
  assert.equal(await outcome(client), 'refused');
  assert.deepEqual(book.refusals, ['SIGNATURE_INVALID']);
});

test('certificate login - a plain key cannot satisfy verify-required', async () => {
  const { client } = await started(trusting());
  sendCertificate(client, { critical: [['verify-required', NO_VALUE]] });
  assert.equal(await outcome(client), 'refused');
});

const unmet: readonly [string, Partial<CertificateFields>, KeyTerms, string][] = [
  ['for another user', { principals: ['bob'] }, {}, 'PRINCIPAL_MISSING'],
  ['for a user in other letters', { principals: ['Alice', 'alice '] }, {}, 'PRINCIPAL_MISSING'],
  ['for a pattern', { principals: ['*', 'a*'] }, {}, 'PRINCIPAL_MISSING'],
  [
    'without the principal its authority is trusted for',
    { principals: ['alice'] },
    { principals: ['partner'] },
    'PRINCIPAL_MISSING',
  ],
  ['that has expired', { validBefore: 1n }, {}, 'CERTIFICATE_INVALID'],
  ['for a host', { kind: 2 }, {}, 'CERTIFICATE_INVALID'],
  ['with an unknown option', { critical: [['x', NO_VALUE]] }, {}, 'KEY_UNUSABLE'],
  ['for another place', { critical: ELSEWHERE }, {}, 'SOURCE_ADDRESS_REFUSED'],
  ['for no place at all', { critical: [['source-address', optionValue('')]] }, {}, 'SOURCE_ADDRESS_REFUSED'],
  [
    'whose authority is trusted from elsewhere',
    {},
    { sourceAddresses: AddressList.parse('198.51.100.0/24') },
    'SOURCE_ADDRESS_REFUSED',
  ],
];
for (const [what, fields, terms, code] of unmet) {
  test(`certificate login - one ${what} is refused as ${code}, asked about or signed with`, async () => {
    const book = trusting(terms);
    const { client, authenticated } = await started(book);
    const blob = makeCertificate({ key: ed25519, authority, ...fields });
    client.send(keyQuery('alice', certificateType('ssh-ed25519'), blob));
    assert.equal(await outcome(client), 'refused');
    sendCertificate(client, fields);
    assert.equal(await outcome(client), 'refused');
    assert.deepEqual(book.refusals, [code, code]);
    assert.deepEqual(authenticated, []);
  });
}

test('certificate login - a principal that the authority is trusted for stands in the place of the name', async () => {
  const { client } = await started(trusting({ principals: ['partner', 'other'] }));
  sendCertificate(client, { principals: ['partner'] });
  assert.equal(await outcome(client), 'in');
});

test('certificate login - one of an authority nobody trusts is refused, and its key alone does not help', async () => {
  const { client } = await started(new KeyBook({ blob: ed25519 }));
  sendCertificate(client);
  assert.equal(await outcome(client), 'refused');
});

test('certificate login - the key of an authority itself logs nobody in', async () => {
  const { client } = await started(trusting());
  const request = { userName: 'alice', algorithm: 'ssh-ed25519', blob: authorityBlob };
  client.send(keyRequest(client, request, (message) => signBlob(authority, 'ssh-ed25519', message)));
  assert.equal(await outcome(client), 'refused');
});

test('certificate login - an algorithm that the policy does not list is refused', async () => {
  const book = trusting();
  const proposal = { ...EVERY_ALGORITHM, userSignatures: ['rsa-sha2-512'] };
  const { client } = await started(book, { proposal });
  sendCertificate(client);
  assert.equal(await outcome(client), 'refused');
  assert.deepEqual(book.refusals, ['KEY_UNUSABLE']);
});

for (const [userSignatures, expected] of [
  [['rsa-sha2-512'], 'refused'],
  [['rsa-sha2-512', 'ssh-rsa'], 'in'],
] as const) {
  test(`publickey - ssh-rsa with ${userSignatures.join(' and ')} in the policy: ${expected}`, async () => {
    const blob = new HostKey(users['ssh-rsa']).publicKey.blob;
    const proposal = { ...EVERY_ALGORITHM, userSignatures };
    const { client } = await started(new KeyBook({ blob }), { proposal });
    const request = { userName: 'alice', algorithm: 'ssh-rsa', blob };
    client.send(keyRequest(client, request, (message) => signBlob(users['ssh-rsa'], 'ssh-rsa', message)));
    assert.equal(await outcome(client), expected);
  });
}

test('source address - without one, nothing that names addresses lets anybody in', async () => {
  const pair = connect({ hostKeys, authenticator: trusting() });
  await pair.client.handshake();
  await pair.client.startAuthentication();
  sendCertificate(pair.client, { critical: [['source-address', optionValue('0.0.0.0/0,::/0')]] });
  assert.equal(await outcome(pair.client), 'refused');
});

/** Takes a key first and then whatever comes; `keyProven` says yes to all. */
function twoSteps(second: 'password' | 'keyboard-interactive' | 'publickey', terms: KeyTerms = {}) {
  const other = new HostKey(users['ecdsa-sha2-nistp256']).publicKey.blob;
  const book = new KeyBook(
    { blob: authorityBlob, isAuthority: true, terms },
    { blob: ed25519, terms },
    { blob: other },
  );
  let steps = 0;
  const accepted = { outcome: 'accepted', identity: 'both' } as const;
  return Object.assign(book, {
    keyProven: async () => (steps++ === 0 ? ({ outcome: 'continue', methods: [second] } as const) : accepted),
    password: async () => accepted,
    keyboardInteractive: async () => accepted,
  });
}

function sendSecond(client: TestClient, second: 'password' | 'keyboard-interactive' | 'publickey'): void {
  if (second === 'password') return client.sendPassword('alice', PASSWORD);
  if (second === 'keyboard-interactive') return client.sendKeyboardInteractive('alice');
  const blob = new HostKey(users['ecdsa-sha2-nistp256']).publicKey.blob;
  const request = { userName: 'alice', algorithm: 'ecdsa-sha2-nistp256', blob };
  client.send(
    keyRequest(client, request, (message) =>
      signBlob(users['ecdsa-sha2-nistp256'], 'ecdsa-sha2-nistp256', message),
    ),
  );
}

for (const second of ['password', 'keyboard-interactive', 'publickey'] as const) {
  test(`A-24 source address - a certificate for elsewhere is no first step, so ${second} is none either`, async () => {
    const { client, authenticated } = await started(twoSteps(second));
    sendCertificate(client, { critical: ELSEWHERE });
    assert.equal(await outcome(client), 'refused');
    if (second !== 'publickey') {
      sendSecond(client, second);
      assert.equal(await outcome(client), 'refused');
    }
    assert.deepEqual(authenticated, []);
  });

  test(`A-24 source address - a key line for elsewhere is no first step, so ${second} is none either`, async () => {
    const sourceAddresses = AddressList.parsePatterns('0.0.0.0/0,!192.0.2.0/24');
    const { client, authenticated } = await started(twoSteps(second, { sourceAddresses }));
    sendCertificate(client);
    assert.equal(await outcome(client), 'refused');
    assert.deepEqual(authenticated, []);
  });

  test(`A-12 partial success - a certificate that forces SFTP does so when ${second} comes last`, async () => {
    const { client } = await started(twoSteps(second), {
      startSession: (_identity, _request, channel) => echo(channel),
    });
    sendCertificate(client, { critical: [['force-command', optionValue('internal-sftp')]] });
    assert.equal(await outcome(client), 'partial');
    sendSecond(client, second);
    assert.equal(await outcome(client), 'in');
    assert.equal(await startable(client, 'exec', 'md5sum file'), false);
    assert.equal(await startable(client, 'subsystem', 'echo'), false);
    assert.equal(await startable(client, 'subsystem', 'sftp'), true);
  });
}

test('certificate login - without force-command other things may be started', async () => {
  const { client } = await started(trusting(), {
    startSession: (_identity, _request, channel) => echo(channel),
  });
  sendCertificate(client);
  assert.equal(await outcome(client), 'in');
  assert.equal(await startable(client, 'exec', 'md5sum file'), true);
});

test('A-11 publickey - a key that did the first step cannot do the second, with or without its certificate', async () => {
  const steps = twoSteps('publickey');
  const { client, authenticated } = await started(steps);
  sendCertificate(client);
  assert.equal(await outcome(client), 'partial');
  sendCertificate(client, { keyId: 'another certificate' });
  assert.equal(await outcome(client), 'refused');
  const request = { userName: 'alice', algorithm: 'ssh-ed25519', blob: ed25519 };
  client.send(
    keyRequest(client, request, (message) => signBlob(users['ssh-ed25519'], 'ssh-ed25519', message)),
  );
  assert.equal(await outcome(client), 'refused');
  assert.deepEqual(steps.refusals, ['KEY_ALREADY_USED', 'KEY_ALREADY_USED']);
  assert.deepEqual(authenticated, []);
  sendSecond(client, 'publickey');
  assert.equal(await outcome(client), 'in');
});

test('A-13 partial success - a change of user after the first step ends the connection', async () => {
  const { client, closed, authenticated } = await started(twoSteps('password'));
  sendCertificate(client);
  assert.equal(await outcome(client), 'partial');
  client.sendPassword('bob', PASSWORD);
  assert.equal((await closed).code, 'AUTH_USER_CHANGED');
  assert.deepEqual(authenticated, []);
});

/** Whether a new channel may start this. */
async function startable(client: TestClient, type: 'exec' | 'subsystem', what: string): Promise<boolean> {
  const channel = await client.openSession();
  client.send(channelRequest(channel, type, true).string(what).finish());
  for (;;) {
    const received = await client.next();
    if (received?.number === Message.CHANNEL_SUCCESS) return true;
    if (received?.number === Message.CHANNEL_FAILURE) return false;
    assert.notEqual(received, undefined);
  }
}

test('A-26 certificate login - the signature of an authority that nobody trusts is not looked at', async () => {
  const forged = { authorityBlob: new HostKey(generateKeyPairSync('ed25519').privateKey).publicKey.blob };
  const book = trusting();
  const { client } = await started(book);
  sendCertificate(client, forged);
  assert.equal(await outcome(client), 'refused');
  assert.equal(book.asked.length, 1, 'whether it is trusted is asked first');
  assert.deepEqual(book.refusals, []);
});

test('certificate login - one that only names a trusted authority is refused, asked about or signed with', async () => {
  const book = trusting();
  const { client, authenticated } = await started(book);
  const forged = { authority: generateKeyPairSync('ed25519').privateKey, authorityBlob };
  const blob = makeCertificate({ key: ed25519, ...forged });
  client.send(keyQuery('alice', certificateType('ssh-ed25519'), blob));
  assert.equal(await outcome(client), 'refused');
  sendCertificate(client, forged);
  assert.equal(await outcome(client), 'refused');
  assert.deepEqual(book.refusals, ['CERTIFICATE_INVALID', 'CERTIFICATE_INVALID']);
  assert.deepEqual(authenticated, []);
});
