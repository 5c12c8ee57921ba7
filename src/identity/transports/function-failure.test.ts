import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdentityError } from '../provider.ts';
import { CANARY, FunctionBench, requestOf, until } from '../testing/function-bench.ts';

/** The error of a login that must fail. */
async function failureOf(login: Promise<unknown>): Promise<IdentityError> {
  const error = await login.then(
    () => assert.fail('the login did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof IdentityError, String(error));
  return error;
}

const handler = (body: string) => `export const handler = async (event, context) => { ${body} };`;

const FAILURES = {
  'throws an error': [
    handler(`throw new TypeError('no such tenant');`),
    'FUNCTION_THREW',
    /TypeError: no such tenant/,
  ],
  'throws before its promise': [
    `export const handler = () => { throw new Error('early'); };`,
    'FUNCTION_THREW',
    /early/,
  ],
  'rejects with a string': [
    `export const handler = () => Promise.reject('denied');`,
    'FUNCTION_THREW',
    /denied/,
  ],
  'throws nothing': [handler('throw undefined;'), 'FUNCTION_THREW', /undefined/],
  'throws what cannot be shown': [
    handler(`throw { toJSON() { throw 1; }, toString() { throw 2; } };`),
    'FUNCTION_THREW',
    /cannot be shown/,
  ],
  'calls back with an error': [
    `export const handler = (event, context, callback) => { callback(new Error('Unauthorized')); };`,
    'FUNCTION_THREW',
    /Unauthorized/,
  ],
  'answers with a cycle': [handler('const a = {}; a.a = a; return a;'), 'ANSWER_NOT_JSON', /circular/],
  'answers with a BigInt': [handler('return 1n;'), 'ANSWER_NOT_JSON', /BigInt/],
  'answers with too much': [handler(`return 'x'.repeat(7e6);`), 'ANSWER_TOO_LARGE', /7000002 bytes/],
  'never answers': [handler('await new Promise(() => {});'), 'FUNCTION_TIMED_OUT', /1000 ms/],
  'loops for ever': [handler('for (;;);'), 'FUNCTION_TIMED_OUT', /1000 ms/],
  'exits with success': [handler('process.exit(0);'), 'FUNCTION_CRASHED', /exit code 0/],
  'leaves a rejection unhandled': [
    handler('Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 500));'),
    'FUNCTION_CRASHED',
    /exit code 1/,
  ],
  'kills itself': [
    handler(`process.kill(process.pid, 'SIGKILL'); await 0; for (;;);`),
    'FUNCTION_CRASHED',
    /SIGKILL/,
  ],
} as const;

for (const [what, [source, code, message]] of Object.entries(FAILURES)) {
  test(`failure - a function that ${what} refuses the login with ${code}`, async () => {
    await using bench = await FunctionBench.open();
    const { ask } = await bench.add('f.mjs', source, { timeoutMs: 1000 });
    const error = await failureOf(ask());
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}

test('failure - running out of memory ends the function only, and names the limit', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add('f.mjs', handler('const all = []; for (;;) all.push({ n: all.length });'), {
    memoryMegabytes: 64,
    timeoutMs: 20_000,
  });
  const error = await failureOf(ask());
  assert.equal(error.code, 'FUNCTION_CRASHED');
  assert.match(error.message, /out of memory; the limit is 64 MiB/);
});

test('failure - the next login is served after a crash', async () => {
  await using bench = await FunctionBench.open();
  const { ask } = await bench.add(
    'f.mjs',
    handler(`if (event.username === 'bad') process.exit(3); return 'fine';`),
  );
  await failureOf(ask(requestOf({ username: 'bad' })));
  assert.equal(await ask(), 'fine');
});

const BAD_MODULES = {
  'has a syntax error': ['f.mjs', 'export const handler = (', /SyntaxError/],
  'exports no handler': ['f.mjs', 'export const main = () => {};', /exports no function named "handler"/],
  'exports a handler that is no function': [
    'f.mjs',
    'export const handler = {};',
    /no function named "handler"/,
  ],
  'throws while loading': ['f.mjs', `throw new Error('KEY is not set');`, /KEY is not set/],
  'imports what is not there': [
    'f.mjs',
    `import 'missing-package'; export const handler = 1;`,
    /missing-package/,
  ],
} as const;

for (const [what, [fileName, source, message]] of Object.entries(BAD_MODULES)) {
  test(`bad module - one that ${what} is refused at start and at login with the cause`, async () => {
    await using bench = await FunctionBench.open();
    const { ask, provider } = await bench.add(fileName, source);
    for (const error of [await failureOf(provider.check()), await failureOf(ask())]) {
      assert.equal(error.code, 'FUNCTION_BAD_MODULE');
      assert.match(error.message, message);
      assert.ok(error.message.includes(bench.path(fileName)), error.message);
    }
  });
}

test('bad module - a file that does not exist is named', async () => {
  await using bench = await FunctionBench.open();
  const { provider } = await bench.add('f.mjs', '', { modulePath: bench.path('missing/f.ts') });
  const error = await failureOf(provider.check());
  assert.equal(error.code, 'FUNCTION_BAD_MODULE');
  assert.match(error.message, /missing\/f\.ts does not exist/);
});

test('output - lines are handed on whole, long ones cut', async () => {
  await using bench = await FunctionBench.open();
  const { ask, lines } = await bench.add(
    'f.mjs',
    handler(`console.log('one\\ntwo'); console.error('three'); console.log('x'.repeat(1e6)); return 1;`),
  );
  await ask();
  await until(() => lines.length === 4);
  assert.deepEqual(lines.filter((line) => line.length < 10).sort(), ['one', 'three', 'two']);
  assert.ok(lines.every((line) => line.length <= 4097));
});

test('output - a flood is cut to a rate and counted, and the login is answered', async () => {
  await using bench = await FunctionBench.open();
  const { ask, lines } = await bench.add(
    'f.mjs',
    handler(`for (let i = 0; i < 50000; i += 1) console.log('line ' + i); return 'done';`),
  );
  assert.equal(await ask(), 'done');
  await until(() => lines.some((line) => /more lines in this second are not shown/.test(line)));
  assert.ok(lines.length <= 202, `${lines.length} lines`);
});

test('secrets - a printed or thrown password reaches neither log nor error', async () => {
  await using bench = await FunctionBench.open();
  const { ask, lines } = await bench.add(
    'f.mjs',
    handler(`const p = event.password;
      console.log(event); console.error('got', p); console.log(JSON.stringify(event));
      console.log(encodeURIComponent(p), Buffer.from(p).toString('base64'));
      process.stdout.write('x'.repeat(4090) + p + '\\n');
      console.log('end');
      throw new Error('bad password ' + p + ' for ' + event.username);`),
  );
  const error = await failureOf(ask());
  assert.equal(error.message, 'Error: bad password [password] for alice');
  await until(() => lines.includes('end') && lines.some((line) => line.startsWith('got')));
  const everything = [...lines, error.stack, JSON.stringify(error)].join('\n');
  for (const form of [CANARY, 'c4nary', encodeURIComponent(CANARY), Buffer.from(CANARY).toString('base64')]) {
    assert.equal(everything.includes(form), false, form);
  }
  assert.ok(lines.includes('got [password]'), lines.join('\n'));
});
