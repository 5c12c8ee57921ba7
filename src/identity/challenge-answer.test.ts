import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { MAX_CHALLENGE_PROMPTS, MAX_STATE_BYTES } from './challenge-answer.ts';
import { REFUSALS } from './refusal.ts';
import { IdentityRequest, type LoginAttempt, MAX_PASSWORD_CHARACTERS } from './request.ts';
import { parseIdentityResponse, parseIdentityStep } from './response.ts';

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const COMMON = {
  username: 'alice',
  protocol: 'SFTP',
  serverId: 's-0123456789abcdef0',
  sourceIp: '192.0.2.1',
} as const;
const CHALLENGE = { Prompts: [{ Text: 'Code: ', Echo: true }, { Text: 'PIN: ' }] };

function requestOf(attempt: Partial<LoginAttempt> = { password: 'secret-1' }): IdentityRequest {
  const checked = IdentityRequest.from({ ...COMMON, ...attempt });
  assert.equal(checked.outcome, 'ready');
  return checked.request;
}

function contextOf(request = requestOf()) {
  return { request, domain: 'S3', roles: new Set([ROLE]), storageNames: new Set(['bucket']) } as const;
}

test('challenge - is read with its state; a prompt hides its answer unless it says otherwise', () => {
  const step = parseIdentityStep(
    { Challenge: { Name: 'Two', Instruction: 'Look.', ...CHALLENGE }, State: 'st-1' },
    contextOf(),
  );
  assert.deepEqual(step, {
    outcome: 'challenged',
    challenge: {
      name: 'Two',
      instruction: 'Look.',
      prompts: [
        { text: 'Code: ', echo: true },
        { text: 'PIN: ', echo: false },
      ],
    },
    state: 'st-1',
  });
});

test('challenge - without prompts it only tells something', () => {
  const step = parseIdentityStep({ Challenge: { Instruction: 'Approve it.' } }, contextOf());
  assert.equal(step.outcome, 'challenged');
  assert.deepEqual(step.challenge, { name: '', instruction: 'Approve it.', prompts: [] });
});

test('challenge - where nobody can be asked it is a refusal: a key look-up and a plain password', () => {
  for (const request of [requestOf({}), requestOf()]) {
    const judged = parseIdentityResponse({ Challenge: CHALLENGE }, contextOf(request));
    assert.equal(judged.outcome === 'refused' && judged.code, 'CHALLENGE_UNANSWERABLE');
  }
});

const invalid: readonly [string, unknown][] = [
  ['beside a Role', { Challenge: CHALLENGE, Role: ROLE }],
  ['that is a text', { Challenge: 'Code?' }],
  ['that is an array', { Challenge: [CHALLENGE] }],
  ['with an unknown member', { Challenge: { prompts: [] } }],
  ['with prompts that are an object', { Challenge: { Prompts: {} } }],
  ['with a prompt that is a text', { Challenge: { Prompts: ['Code: '] } }],
  ['with a prompt without text', { Challenge: { Prompts: [{ Echo: true }] } }],
  ['with a prompt of blanks', { Challenge: { Prompts: [{ Text: '  ' }] } }],
  ['with an unknown member in a prompt', { Challenge: { Prompts: [{ Text: 'Code: ', echo: false }] } }],
  ['with an Echo that is a text', { Challenge: { Prompts: [{ Text: 'Code: ', Echo: 'false' }] } }],
  ['with a prompt too long', { Challenge: { Prompts: [{ Text: 'x'.repeat(257) }] } }],
  [
    'with too many prompts',
    { Challenge: { Prompts: Array.from({ length: MAX_CHALLENGE_PROMPTS + 1 }, () => ({ Text: 'x' })) } },
  ],
  ['with an instruction too long', { Challenge: { Instruction: 'x'.repeat(4097) } }],
  ['with a name that is a number', { Challenge: { Name: 5 } }],
  ['with a state that is an object', { Challenge: CHALLENGE, State: { a: 1 } }],
  ['with a state too long', { Challenge: CHALLENGE, State: 'ü'.repeat(MAX_STATE_BYTES / 2 + 1) }],
];
for (const [what, answer] of invalid) {
  test(`challenge - one ${what} is refused as CHALLENGE_INVALID`, () => {
    const step = parseIdentityStep(answer, contextOf());
    assert.equal(step.outcome === 'refused' && step.code, 'CHALLENGE_INVALID');
  });
}

test('challenge answers - make an event that is no key look-up', () => {
  const request = requestOf({ challengeAnswers: ['123456', ''], state: 'st-1' });
  assert.equal(request.isKeyLookup, false);
  assert.equal(request.isChallengeAnswer, true);
  assert.deepEqual(request.event(), { ...COMMON, challengeAnswers: ['123456', ''], state: 'st-1' });
});

test('challenge answers - an answer with public keys was given to a look-up, and is refused', () => {
  const context = contextOf(requestOf({ challengeAnswers: ['123456'] }));
  const grant = { Role: ROLE, HomeDirectory: '/bucket/alice' };
  const judged = parseIdentityStep({ ...grant, PublicKeys: ['ssh-ed25519 AAAA'] }, context);
  assert.equal(judged.outcome === 'refused' && judged.code, 'CHALLENGE_READ_AS_LOOKUP');
  assert.equal(parseIdentityStep(grant, context).outcome, 'granted');
});

test('challenge answers - are secrets: not shown, and scrubbed from what a function prints', () => {
  const request = requestOf({ challengeAnswers: ['code-123456', 'pin-9876'], state: 'state-of-it' });
  const shown = [inspect(request, { showHidden: true, depth: 9 }), JSON.stringify(request), String(request)];
  const printed = request.scrubber().scrub('got code-123456 and pin-9876 with state-of-it');
  for (const secret of ['code-123456', 'pin-9876', 'state-of-it']) {
    assert.ok(!shown.join().includes(secret));
    assert.ok(!printed.includes(secret));
  }
});

for (const [what, attempt] of [
  ['beside a password', { password: 'secret-1', challengeAnswers: ['1'] }],
  ['too long', { challengeAnswers: ['x'.repeat(MAX_PASSWORD_CHARACTERS + 1)] }],
  ['with a NUL', { challengeAnswers: ['1\0'] }],
  ['that are no Unicode', { challengeAnswers: ['\ud800'] }],
] as const) {
  test(`challenge answers - ones ${what} are refused`, () => {
    const checked = IdentityRequest.from({ ...COMMON, ...attempt });
    assert.equal(checked.outcome === 'refused' && checked.code, 'ANSWERS_INVALID');
  });
}

test('challenge - arbitrary answers never throw, and never grant without a Role', () => {
  const prompt = fc.record({ Text: fc.anything(), Echo: fc.anything() }, { requiredKeys: [] });
  const challenge = fc.record(
    { Name: fc.anything(), Instruction: fc.string(), Prompts: fc.oneof(fc.array(prompt), fc.anything()) },
    { requiredKeys: [] },
  );
  const answer = fc.record(
    { Challenge: fc.oneof(challenge, fc.anything()), State: fc.anything() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(answer, (value) => {
      const step = parseIdentityStep(value, contextOf());
      assert.notEqual(step.outcome, 'granted');
      if (step.outcome === 'refused') assert.ok(step.code in REFUSALS);
    }),
  );
});

test('public keys - may be absent where the server trusts authorities of its own, and only there', () => {
  const answer = { Role: ROLE, HomeDirectory: '/bucket/alice' };
  const lookup = contextOf(requestOf({}));
  const without = parseIdentityResponse(answer, lookup);
  assert.equal(without.outcome === 'refused' && without.code, 'PUBLIC_KEYS_MISSING');
  for (const PublicKeys of [undefined, [], ['']]) {
    const judged = parseIdentityResponse({ ...answer, PublicKeys }, { ...lookup, areKeysOptional: true });
    assert.deepEqual(judged.outcome === 'granted' && judged.grant.publicKeys, []);
  }
});
