import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { ByteWriter } from '../wire/byte-writer.ts';
import type {
  Authenticator,
  AuthVerdict,
  Challenge,
  DialogueAttempt,
  PasswordVerdict,
} from './authenticator.ts';
import { DialogueError, MAX_PROMPTS, MAX_ROUNDS } from './dialogue.ts';
import { Message } from './message.ts';
import { authRequest, type TestClient } from './testing/client.ts';
import { connect, makeHostKeys, PASSWORD, type Pair, PasswordAuthenticator } from './testing/pair.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const ASK_PASSWORD: Challenge = { name: '', instruction: '', prompts: [{ text: 'Password: ', echo: false }] };
const ASK_CODE: Challenge = {
  name: 'Second step',
  instruction: 'Look at your phone.',
  prompts: [{ text: 'Code: ', echo: true }],
};
const REFUSED = { outcome: 'refused', methods: ['password', 'keyboard-interactive'] } as const;

/** Runs a dialogue as a test says, and keeps what became of it. */
class Interviewer implements Authenticator<string> {
  readonly methods: Authenticator<string>['methods'] = ['password', 'keyboard-interactive'];
  readonly refusals: string[] = [];
  /** What `prompt` rejected with. */
  readonly errors: unknown[] = [];
  passwords = 0;
  dialogues = 0;
  readonly #interview: (prompt: DialogueAttempt['prompt']) => Promise<boolean>;

  constructor(interview: (prompt: DialogueAttempt['prompt']) => Promise<boolean>) {
    this.#interview = interview;
  }

  async password({ password }: { password: string }): Promise<PasswordVerdict<string>> {
    this.passwords++;
    return password === PASSWORD ? { outcome: 'accepted', identity: 'by password' } : REFUSED;
  }

  async keyboardInteractive({ prompt }: DialogueAttempt): Promise<AuthVerdict<string>> {
    this.dialogues++;
    try {
      const isRight = await this.#interview(prompt);
      return isRight ? { outcome: 'accepted', identity: 'by dialogue' } : REFUSED;
    } catch (error) {
      this.errors.push(error);
      throw error;
    }
  }

  async acceptsKey(): Promise<boolean> {
    return false;
  }

  async keyProven(): Promise<AuthVerdict<string>> {
    return REFUSED;
  }

  refusedByLayer(_attempt: unknown, _method: unknown, refusal: string): void {
    this.refusals.push(refusal);
  }
}

async function started(
  authenticator: Authenticator<string>,
  options: Partial<Parameters<typeof connect>[0]> = {},
): Promise<Pair> {
  const pair = connect({ hostKeys, authenticator, ...options });
  await pair.client.handshake();
  await pair.client.startAuthentication();
  return pair;
}

async function challenge(client: TestClient): Promise<Challenge> {
  const { message } = await client.expect(Message.USERAUTH_INFO_REQUEST);
  const [name, instruction] = [message.text(), message.text()];
  message.string();
  const prompts = Array.from({ length: message.uint32() }, () => ({
    text: message.text(),
    echo: message.boolean(),
  }));
  assert.equal(message.remaining, 0);
  return { name, instruction, prompts };
}

const twoPrompts = () =>
  new Interviewer(async (prompt) => {
    const [password] = await prompt(ASK_PASSWORD);
    const [code] = await prompt(ASK_CODE);
    return password === PASSWORD && code === '123456';
  });

const onePrompt = () => new Interviewer(async (prompt) => (await prompt(ASK_PASSWORD))[0] === PASSWORD);

test('keyboard-interactive - two challenges, and the login is that of the dialogue', async () => {
  const { client, authenticated } = await started(twoPrompts());
  client.sendKeyboardInteractive('alice');
  assert.deepEqual(await challenge(client), ASK_PASSWORD);
  client.sendAnswers([PASSWORD]);
  assert.deepEqual(await challenge(client), ASK_CODE);
  assert.deepEqual(authenticated, []);
  client.sendAnswers(['123456']);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['by dialogue']);
});

test('keyboard-interactive - a wrong answer is a failure that counts', async () => {
  const { client, closed } = await started(onePrompt(), { maxLoginFailures: 2 });
  for (let attempt = 0; attempt < 2; attempt++) {
    client.sendKeyboardInteractive('alice');
    await challenge(client);
    client.sendAnswers(['wrong']);
    if (attempt === 0) await client.expect(Message.USERAUTH_FAILURE);
  }
  assert.equal((await closed).code, 'AUTH_TOO_MANY_FAILURES');
});

test('keyboard-interactive - a challenge without prompts is shown and answered with nothing', async () => {
  const note: Challenge = { name: '', instruction: 'Approve it on your phone.', prompts: [] };
  const { client, authenticated } = await started(
    new Interviewer(async (prompt) => (await prompt(note)).length === 0),
  );
  client.sendKeyboardInteractive('alice');
  assert.deepEqual(await challenge(client), note);
  client.sendAnswers([]);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['by dialogue']);
});

for (const [what, send] of [
  ['too few', (client: TestClient) => client.sendAnswers([])],
  ['too many', (client: TestClient) => client.sendAnswers([PASSWORD, 'x'])],
  ['four thousand million', (client: TestClient) => client.sendAnswers([PASSWORD], 0xffffffff)],
  ['too long', (client: TestClient) => client.sendAnswers(['x'.repeat(4097)])],
  ['not UTF-8', (client: TestClient) => client.sendAnswers([Buffer.from('70e4', 'hex')])],
] as const) {
  test(`keyboard-interactive - answers that are ${what} are a failure, and nobody sees them`, async () => {
    const interviewer = onePrompt();
    const { client, authenticated } = await started(interviewer);
    client.sendKeyboardInteractive('alice');
    await challenge(client);
    send(client);
    await client.expect(Message.USERAUTH_FAILURE);
    assert.deepEqual(interviewer.refusals, ['DIALOGUE_INVALID']);
    assert.deepEqual(authenticated, []);
  });
}

test('A-37 keyboard-interactive - who swallows the error of a broken dialogue lets nobody in', async () => {
  const { client, authenticated } = await started(
    new Interviewer(async (prompt) =>
      prompt(ASK_PASSWORD)
        .then(() => true)
        .catch(() => true),
    ),
  );
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendAnswers([]);
  await client.expect(Message.USERAUTH_FAILURE);
  assert.deepEqual(authenticated, []);
});

test('keyboard-interactive - answers to no question end the connection', async () => {
  const { client, closed } = await started(onePrompt());
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendAnswers(['wrong']);
  await client.expect(Message.USERAUTH_FAILURE);
  client.sendAnswers([PASSWORD]);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
});

test('A-4 keyboard-interactive - answers after the login end the connection, and change nothing', async () => {
  const { client, closed, authenticated } = await started(onePrompt());
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendAnswers([PASSWORD]);
  client.sendAnswers([PASSWORD]);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
  assert.deepEqual(authenticated, ['by dialogue']);
});

test('A-2 keyboard-interactive - another request ends the dialogue without an answer to it', async () => {
  const interviewer = onePrompt();
  const { client, authenticated } = await started(interviewer);
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendPassword('alice', 'wrong');
  await client.expect(Message.USERAUTH_FAILURE);
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['by password']);
  assert.equal(interviewer.errors.length, 2);
  assert.deepEqual(interviewer.refusals, [], 'nothing was answered, so nothing failed');
});

test('keyboard-interactive - a dialogue that is left after an answer counts as a failure', async () => {
  const interviewer = twoPrompts();
  const { client, closed } = await started(interviewer, { maxLoginFailures: 2 });
  for (let attempt = 0; attempt < 3; attempt++) {
    client.sendKeyboardInteractive('alice');
    if (attempt === 2) break;
    await challenge(client);
    client.sendAnswers([PASSWORD]);
    await challenge(client);
  }
  assert.equal((await closed).code, 'AUTH_TOO_MANY_FAILURES');
  assert.deepEqual(interviewer.refusals, ['DIALOGUE_ABANDONED', 'DIALOGUE_ABANDONED']);
});

test('A-1 keyboard-interactive - the next request waits for the end of the abandoned one', async () => {
  const order: string[] = [];
  const interviewer = new Interviewer(async (prompt) => {
    try {
      return (await prompt(ASK_PASSWORD)).length === 1;
    } finally {
      await delay(50);
      order.push('dialogue over');
    }
  });
  const password = async () => {
    order.push('password asked');
    return { outcome: 'accepted', identity: 'by password' } as const;
  };
  const { client } = await started(Object.assign(interviewer, { password }));
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(order, ['dialogue over', 'password asked']);
});

test('keyboard-interactive - the end of the connection ends the dialogue', async () => {
  const interviewer = onePrompt();
  const { client, closed } = await started(interviewer);
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.stream.destroy();
  await closed;
  await delay(10);
  assert.equal(interviewer.errors.length, 1);
});

test('keyboard-interactive - the login time ends a dialogue nobody answers', async () => {
  const { client, closed } = await started(onePrompt(), { loginGraceMs: 200 });
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  assert.equal((await closed).code, 'LOGIN_TIMEOUT');
});

test(`keyboard-interactive - the ${MAX_ROUNDS + 1}th challenge is not sent`, async () => {
  const { client } = await started(
    new Interviewer(async (prompt) => {
      for (;;) await prompt(ASK_CODE);
    }),
  );
  client.sendKeyboardInteractive('alice');
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await challenge(client);
    client.sendAnswers(['again']);
  }
  await client.expect(Message.USERAUTH_FAILURE);
});

for (const [what, tooMuch] of [
  [
    'prompts',
    { ...ASK_CODE, prompts: Array.from({ length: MAX_PROMPTS + 1 }, () => ({ text: 'x', echo: true })) },
  ],
  ['text', { ...ASK_CODE, instruction: 'x'.repeat(9000) }],
] as const) {
  test(`keyboard-interactive - a challenge with too much ${what} is not sent, and refuses`, async () => {
    const interviewer = new Interviewer(async (prompt) => (await prompt(tooMuch)).length > 0);
    const { client } = await started(interviewer);
    client.sendKeyboardInteractive('alice');
    await client.expect(Message.USERAUTH_FAILURE);
    assert.deepEqual(interviewer.refusals, ['DIALOGUE_INVALID']);
  });
}

test('keyboard-interactive - what could steer a terminal is taken out of the texts', async () => {
  const nasty: Challenge = {
    name: '\u001b]0;title\u0007',
    instruction: 'two\nlines\r\u202e\u0000',
    prompts: [{ text: '\u001b[31mCode\u009b: ', echo: false }],
  };
  const { client } = await started(new Interviewer(async (prompt) => (await prompt(nasty)).length > 0));
  client.sendKeyboardInteractive('alice');
  assert.deepEqual(await challenge(client), {
    name: ']0;title',
    instruction: 'two\nlines',
    prompts: [{ text: '[31mCode: ', echo: false }],
  });
});

test('A-15 methods - a dialogue is no password: where only one is offered the other is refused', async () => {
  const passwordOnly = Object.assign(onePrompt(), { methods: ['password'] as const });
  const first = await started(passwordOnly);
  first.client.sendKeyboardInteractive('alice');
  await first.client.expect(Message.USERAUTH_FAILURE);
  assert.equal(passwordOnly.dialogues, 0);
  const dialogueOnly = Object.assign(onePrompt(), { methods: ['keyboard-interactive'] as const });
  const second = await started(dialogueOnly);
  second.client.sendPassword('alice', PASSWORD);
  await second.client.expect(Message.USERAUTH_FAILURE);
  assert.equal(dialogueOnly.passwords, 0);
  assert.deepEqual(
    [...passwordOnly.refusals, ...dialogueOnly.refusals],
    ['METHOD_NOT_OFFERED', 'METHOD_NOT_OFFERED'],
  );
});

test('A-15 methods - an authenticator that knows no dialogue refuses the method, whatever it offers', async () => {
  const refusals: string[] = [];
  const authenticator = Object.assign(new PasswordAuthenticator(), {
    methods: ['keyboard-interactive'] as const,
    refusedByLayer: (_attempt: unknown, _method: unknown, refusal: string) => void refusals.push(refusal),
  });
  const { client } = await started(authenticator);
  client.sendKeyboardInteractive('alice');
  await client.expect(Message.USERAUTH_FAILURE);
  assert.deepEqual(refusals, ['METHOD_NOT_OFFERED']);
});

test('A-6 refusals - a dialogue is refused no sooner than a password', async () => {
  const { client } = await started(onePrompt());
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  const startedMs = performance.now();
  client.sendAnswers(['wrong']);
  await client.expect(Message.USERAUTH_FAILURE);
  const dialogueMs = performance.now() - startedMs;
  client.sendPassword('alice', 'wrong');
  await client.expect(Message.USERAUTH_FAILURE);
  const passwordMs = performance.now() - startedMs - dialogueMs;
  assert.ok(dialogueMs >= 95 && passwordMs >= 95, `${dialogueMs} ms, ${passwordMs} ms`);
});

test('keyboard-interactive - arbitrary bytes as answers never let anybody in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
      const { client, authenticated } = await started(onePrompt());
      client.sendKeyboardInteractive('alice');
      await challenge(client);
      client.send(Buffer.concat([Buffer.of(Message.USERAUTH_INFO_RESPONSE), bytes]));
      const received = await client.next();
      assert.ok(received?.number === Message.USERAUTH_FAILURE || received?.number === Message.DISCONNECT);
      assert.deepEqual(authenticated, []);
      client.stream.destroy();
    }),
    { numRuns: 20 },
  );
});

// --- password change (RFC 4252 section 8)

/** `PASSWORD` has expired: it must be changed, and only to something longer. */
class Expiring extends Interviewer {
  readonly changes: string[] = [];

  constructor() {
    super(async () => false);
  }

  override async password(): Promise<PasswordVerdict<string>> {
    this.passwords++;
    return { outcome: 'change-required', prompt: 'Expired.\u001b[2J Choose another.' };
  }

  async changePassword({ password, newPassword }: { password: string; newPassword: string }) {
    this.changes.push(newPassword);
    if (password !== PASSWORD) return REFUSED;
    if (newPassword.length <= PASSWORD.length)
      return { outcome: 'change-required', prompt: 'Longer, please.' } as const;
    return { outcome: 'accepted', identity: 'with a new password' } as const;
  }
}

function sendChange(client: TestClient, password: string, newPassword: string | Buffer): void {
  client.send(authRequest('alice', 'password').boolean(true).string(password).string(newPassword).finish());
}

test('password change - is asked for, may be asked for again, and logs in', async () => {
  const authenticator = new Expiring();
  const { client, authenticated } = await started(authenticator);
  client.sendPassword('alice', PASSWORD);
  const { message } = await client.expect(Message.USERAUTH_PASSWD_CHANGEREQ);
  assert.equal(message.text(), 'Expired.[2J Choose another.');
  sendChange(client, PASSWORD, 'short');
  await client.expect(Message.USERAUTH_PASSWD_CHANGEREQ);
  assert.deepEqual(authenticated, []);
  sendChange(client, PASSWORD, `${PASSWORD} and more`);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['with a new password']);
  assert.equal(authenticator.passwords, 1, 'a change is never taken for a plain password');
});

test('password change - with the wrong present password is a failure', async () => {
  const { client, authenticated } = await started(new Expiring());
  sendChange(client, 'wrong', `${PASSWORD} and more`);
  await client.expect(Message.USERAUTH_FAILURE);
  assert.deepEqual(authenticated, []);
});

test('password change - an empty new password, and one that is not UTF-8, reach nobody', async () => {
  const authenticator = new Expiring();
  const { client } = await started(authenticator);
  sendChange(client, PASSWORD, '');
  await client.expect(Message.USERAUTH_FAILURE);
  sendChange(client, PASSWORD, Buffer.from('70e4', 'hex'));
  await client.expect(Message.USERAUTH_FAILURE);
  assert.deepEqual(authenticator.changes, []);
  assert.deepEqual(authenticator.refusals, ['PASSWORD_EMPTY', 'PASSWORD_NOT_UTF8']);
});

test('A-37 authenticator - one that gives no verdict refuses', async () => {
  for (const nothing of JSON.parse('[null, {}, { "outcome": "yes" }, true, []]').concat(undefined)) {
    const authenticator = Object.assign(onePrompt(), { password: async () => nothing });
    const { client, authenticated } = await started(authenticator);
    client.sendPassword('alice', PASSWORD);
    await client.expect(Message.USERAUTH_FAILURE);
    assert.deepEqual(authenticated, []);
    assert.deepEqual(authenticator.refusals, ['AUTHENTICATOR_FAILED']);
  }
});

// --- banners and names

test('banner - the one for after the login stands right before success, and nobody else sees it', async () => {
  const { client } = await started(onePrompt(), { postAuthenticationBanner: 'Welcome.\nBehave.' });
  client.sendPassword('alice', 'wrong');
  await client.expect(Message.USERAUTH_FAILURE);
  client.sendPassword('alice', PASSWORD);
  const { message } = await client.expect(Message.USERAUTH_BANNER);
  assert.equal(message.text(), 'Welcome.\r\nBehave.\r\n');
  await client.expect(Message.USERAUTH_SUCCESS);
});

for (const name of ['a\0b', 'alice\0', 'a\nb', '\u007f', 'a\u009bb', '\u0001']) {
  test(`A-39 user name - ${JSON.stringify(name)} ends the connection before anybody is asked`, async () => {
    const interviewer = onePrompt();
    const { client, closed } = await started(interviewer);
    client.sendPassword(name, PASSWORD);
    assert.equal((await closed).code, 'MESSAGE_INVALID');
    assert.equal(interviewer.passwords, 0);
  });
}

for (const [method, fields] of [
  ['password', new ByteWriter().boolean(false)],
  ['password', new ByteWriter().boolean(true).string(PASSWORD)],
  ['publickey', new ByteWriter().boolean(false).string('ssh-ed25519')],
  ['publickey', new ByteWriter().boolean(true).string('ssh-ed25519').string('blob')],
  ['keyboard-interactive', new ByteWriter().string('')],
] as const) {
  test(`A-41 ${method} - a request cut short after ${fields.length} bytes ends the connection, whoever the user is`, async () => {
    for (const userName of ['alice', 'nobody']) {
      const interviewer = onePrompt();
      const { client, closed } = await started(interviewer);
      client.send(authRequest(userName, method).bytes(Buffer.from(fields.finish())).finish());
      assert.equal((await closed).code, 'MESSAGE_INVALID');
      assert.equal(interviewer.passwords + interviewer.dialogues, 0);
    }
  });
}

test('A-2 keyboard-interactive - behind a dialogue that was left nobody is asked for a client that is gone', async () => {
  const leaving = Promise.withResolvers<void>();
  const interviewer = new Interviewer(async (prompt) => {
    await prompt(ASK_PASSWORD).catch(() => leaving.promise);
    return false;
  });
  const { client, closed } = await started(interviewer);
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.sendPassword('alice', PASSWORD);
  await delay(10);
  client.stream.destroy();
  await closed;
  leaving.resolve();
  await delay(10);
  assert.equal(interviewer.passwords, 0);
});

test('keyboard-interactive - whoever waits for an answer learns of one that ends the connection', async () => {
  const interviewer = onePrompt();
  const { client, closed } = await started(interviewer);
  client.sendKeyboardInteractive('alice');
  await challenge(client);
  client.send(Buffer.from([Message.USERAUTH_INFO_RESPONSE, 0, 0, 0, 1, 0, 0, 0, 9]));
  assert.equal((await closed).code, 'MESSAGE_INVALID');
  await delay(0);
  assert.deepEqual(
    interviewer.errors.map((error) => error instanceof DialogueError && error.code),
    ['ABANDONED'],
  );
});
