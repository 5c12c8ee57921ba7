import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { IdentityFault } from '../decision.ts';
import type { RecordKey } from '../records/record.ts';
import { CachedKeys } from './cached-keys.ts';
import { keysOf, MAX_KEYS_BYTES } from './key-lines.ts';
import { publicKeySourceOptions } from './options.ts';
import { createPublicKeySource, type PublicKeySource } from './source.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample alice';
const OTHER = 'from="192.0.2.0/24" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOther alice';
const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

function sourceOf(options: object, folder = '/'): PublicKeySource {
  const surroundings = { region: 'us-east-1', folder, now: Date.now, warn: () => undefined };
  return createPublicKeySource(publicKeySourceOptions.parse(options), surroundings);
}

async function linesOf(source: PublicKeySource, userName = 'alice'): Promise<readonly string[]> {
  const keys = await source.find(userName, AbortSignal.timeout(5000));
  return keys.map(({ line }) => line);
}

async function serving(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function temporaryFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'drawbridge-keys-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test('public keys - comments, blank lines and repetitions are left out, options stay', () => {
  const text = `# of alice\r\n\r\n  ${KEY}\r\n${OTHER}\n${KEY}\n`;
  assert.deepEqual(keysOf([text, KEY]), [{ line: KEY }, { line: OTHER }]);
  assert.deepEqual(keysOf([]), []);
});

test('public keys - more than 50, or one too long, refuse instead of being cut', () => {
  const many = Array.from({ length: 51 }, (_, index) => `${KEY}${index}`);
  assert.equal(keysOf([many.slice(1).join('\n')]).length, 50);
  assert.throws(() => keysOf([many.join('\n')]), { code: 'RECORD_INVALID' });
  assert.throws(() => keysOf(['x'.repeat(8193)]), { code: 'RECORD_INVALID' });
});

for (const options of [
  {},
  { s3: { bucket: 'keys', key: 'everybody.pub' } },
  { s3: { bucket: 'keys', prefix: '{userName}' } },
  { s3: { bucket: 'keys', key: '{userName}', prefix: '{userName}/' } },
  { s3: { bucket: 'keys' } },
  { https: { url: 'http://example.com/{userName}.keys' } },
  { https: { url: 'https://{userName}.example.com/keys' } },
  { https: { url: 'https://example.com@{userName}/keys' } },
  { https: { url: 'https://example.com/keys?of={userName}' } },
  { https: { url: 'https://example.com/keys' } },
  { files: { file: 'authorized_keys' } },
  { files: { file: '{userName}' }, https: { url: 'https://example.com/{userName}.keys' } },
  { files: { file: '{userName}' }, cacheSeconds: 31 },
]) {
  test(`public keys - no configuration: ${JSON.stringify(options)}`, () => {
    assert.equal(publicKeySourceOptions.safeParse(options).success, false);
  });
}

test('public keys - from files, each of one user, relative to the configuration', async () => {
  await using temporary = await temporaryFolder();
  await mkdir(path.join(temporary.folder, 'keys'));
  await writeFile(path.join(temporary.folder, 'keys/alice.pub'), `${KEY}\n${OTHER}\n`);
  const source = sourceOf({ files: { file: 'keys/{userName}.pub' } }, temporary.folder);
  assert.deepEqual(await linesOf(source), [KEY, OTHER]);
  assert.deepEqual(await linesOf(source, 'bob'), []);
});

test('public keys - a file that is a folder or too large is not taken for no keys', async () => {
  await using temporary = await temporaryFolder();
  await mkdir(path.join(temporary.folder, 'alice'));
  await writeFile(path.join(temporary.folder, 'bob'), 'x'.repeat(MAX_KEYS_BYTES + 1));
  const source = sourceOf({ files: { file: '{userName}' } }, temporary.folder);
  await assert.rejects(linesOf(source), { code: 'UPSTREAM_FAILED' });
  await assert.rejects(linesOf(source, 'bob'), { code: 'RECORD_INVALID' });
});

test('public keys - a name that is no segment of a path is refused by every source', async () => {
  for (const options of [
    { files: { file: '{userName}' } },
    { https: { url: 'https://example.com/{userName}.keys' } },
    { s3: { bucket: 'keys', key: '{userName}', credentials: CREDENTIALS } },
  ])
    for (const userName of ['..', '../bob', 'a/b', 'a\\b', 'a\0', '', '-a', 'a b'])
      await assert.rejects(linesOf(sourceOf(options), userName), { code: 'NAME_REFUSED' });
});

test('public keys - from a web server; no page is no key, and an error is one', async () => {
  const asked: (string | undefined)[] = [];
  await using server = await serving((request, response) => {
    asked.push(request.url);
    if (request.url === '/alice%40example.com.keys') response.end(`${KEY}\n`);
    else response.writeHead(request.url === '/bob.keys' ? 404 : 403).end(KEY);
  });
  const source = sourceOf({ https: { url: `${server.origin}/{userName}.keys` }, cacheSeconds: 0 });
  assert.deepEqual(await linesOf(source, 'alice@example.com'), [KEY]);
  assert.deepEqual(await linesOf(source, 'bob'), []);
  await assert.rejects(linesOf(source, 'carol'), { code: 'UPSTREAM_FAILED' });
  assert.deepEqual(asked, ['/alice%40example.com.keys', '/bob.keys', '/carol.keys']);
});

test('public keys - a redirect is not followed', async () => {
  await using server = await serving((request, response) => {
    if (request.url === '/x.keys') response.end(KEY);
    else response.writeHead(302, { location: '/x.keys' }).end();
  });
  const source = sourceOf({ https: { url: `${server.origin}/{userName}.keys` } });
  await assert.rejects(linesOf(source), { code: 'UPSTREAM_FAILED' });
});

/** A bucket over HTTP: objects by key. */
function bucket(objects: ReadonlyMap<string, string>): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? '', 'http://bucket');
    if (url.searchParams.get('list-type') === '2') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const found = [...objects].filter(([key]) => key.startsWith(prefix));
      const contents = found.map(
        ([key, text]) => `<Contents><Key>${key}</Key><Size>${text.length}</Size></Contents>`,
      );
      return response.end(`<ListBucketResult>${contents.join('')}</ListBucketResult>`);
    }
    const text = objects.get(decodeURIComponent(url.pathname.replace('/keys/', '')));
    if (text !== undefined) return response.end(text);
    return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
  };
}

test('public keys - from all objects below the prefix of a user, and of no other', async () => {
  const objects = new Map([
    ['anna/', ''],
    ['anna/laptop.pub', KEY],
    ['anna/phone.pub', OTHER],
    ['annabel/laptop.pub', 'ssh-ed25519 AAAA annabel'],
  ]);
  await using server = await serving(bucket(objects));
  const s3 = { bucket: 'keys', endpoint: server.origin, pathStyle: true, credentials: CREDENTIALS };
  const source = sourceOf({ s3: { ...s3, prefix: '{userName}/' } });
  assert.deepEqual(await linesOf(source, 'anna'), [KEY, OTHER]);
  assert.deepEqual(await linesOf(source, 'ann'), []);
  await source.close();
});

test('public keys - from one object of a user; none is no key', async () => {
  await using server = await serving(bucket(new Map([['users/anna.pub', `${KEY}\n${OTHER}`]])));
  const s3 = { bucket: 'keys', endpoint: server.origin, pathStyle: true, credentials: CREDENTIALS };
  const source = sourceOf({ s3: { ...s3, key: 'users/{userName}.pub' } });
  assert.deepEqual(await linesOf(source, 'anna'), [KEY, OTHER]);
  assert.deepEqual(await linesOf(source, 'bob'), []);
  await source.close();
});

test('public keys - an object that does not tell its size is not read', async () => {
  await using server = await serving((_, response) => {
    response.write(KEY);
    const writing = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.on('close', () => clearInterval(writing));
  });
  const s3 = { bucket: 'keys', endpoint: server.origin, pathStyle: true, credentials: CREDENTIALS };
  const source = sourceOf({ s3: { ...s3, key: '{userName}/key' } });
  await assert.rejects(linesOf(source), { code: 'RECORD_INVALID' });
  await source.close();
});

test('public keys - too many or too large objects refuse', async () => {
  const many = Array.from({ length: 51 }, (_, index): [string, string] => [`anna/${index}`, KEY]);
  const objects = new Map([...many, ['bob/key', 'x'.repeat(MAX_KEYS_BYTES + 1)]]);
  await using server = await serving(bucket(objects));
  const s3 = { bucket: 'keys', endpoint: server.origin, pathStyle: true, credentials: CREDENTIALS };
  const below = sourceOf({ s3: { ...s3, prefix: '{userName}/' } });
  await assert.rejects(linesOf(below, 'anna'), { code: 'RECORD_INVALID' });
  await assert.rejects(linesOf(below, 'bob'), { code: 'RECORD_INVALID' });
  const single = sourceOf({ s3: { ...s3, key: '{userName}/key' } });
  await assert.rejects(linesOf(single, 'bob'), { code: 'RECORD_INVALID' });
  await below.close();
  await single.close();
});

test('public keys - a bucket that refuses us is no user without keys', async () => {
  await using server = await serving((_, response) => {
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
  });
  const s3 = { bucket: 'keys', endpoint: server.origin, pathStyle: true, credentials: CREDENTIALS };
  const source = sourceOf({ s3: { ...s3, key: '{userName}' } });
  await assert.rejects(linesOf(source), { code: 'CONFIGURATION_INVALID' });
  await source.close();
});

/** A source that is answered by hand. */
class ManualSource implements PublicKeySource {
  readonly questions: PromiseWithResolvers<readonly RecordKey[]>[] = [];

  find(): Promise<readonly RecordKey[]> {
    const question = Promise.withResolvers<readonly RecordKey[]>();
    this.questions.push(question);
    return question.promise;
  }

  async close(): Promise<void> {}
}

function cached(maxAgeMs = 30_000) {
  const clock = { nowMs: 1_000_000 };
  const source = new ManualSource();
  const cache = new CachedKeys(source, { maxAgeMs, now: () => clock.nowMs });
  const find = (signal = AbortSignal.timeout(5000)) => cache.find('alice', signal);
  return { clock, source, cache, find };
}

test('public keys - logins that come together are one question, later ones none until it is old', async () => {
  const { clock, source, find } = cached();
  const both = Promise.all([find(), find()]);
  source.questions[0]?.resolve([{ line: KEY }]);
  assert.deepEqual(await both, [[{ line: KEY }], [{ line: KEY }]]);
  clock.nowMs += 29_999;
  await find();
  assert.equal(source.questions.length, 1);
  clock.nowMs += 1;
  const later = find();
  source.questions[1]?.resolve([]);
  assert.deepEqual(await later, [], 'a key that was taken away is gone');
});

test('public keys - an error is handed on, never remembered and never replaced by what was known', async () => {
  const { clock, source, find } = cached();
  const first = find();
  source.questions[0]?.resolve([{ line: KEY }]);
  await first;
  clock.nowMs += 30_000;
  const failing = find();
  source.questions[1]?.reject(new IdentityFault('UPSTREAM_UNREACHABLE'));
  await assert.rejects(failing, { code: 'UPSTREAM_UNREACHABLE' });
  const again = find();
  source.questions[2]?.resolve([{ line: OTHER }]);
  assert.deepEqual(await again, [{ line: OTHER }]);
});

test('public keys - a login that is given up does not take the answer from the others', async () => {
  const { source, find } = cached();
  const leaver = new AbortController();
  const left = find(leaver.signal);
  const stays = find();
  leaver.abort();
  await assert.rejects(left, { code: 'UPSTREAM_TIMED_OUT' });
  source.questions[0]?.resolve([{ line: KEY }]);
  assert.deepEqual(await stays, [{ line: KEY }]);
  assert.equal(source.questions.length, 1);
});

test('public keys - the clock set back makes nothing younger, and closing ends every wait', async () => {
  const { clock, source, cache, find } = cached();
  const first = find();
  source.questions[0]?.resolve([]);
  await first;
  clock.nowMs -= 60_000;
  const waiting = find();
  assert.equal(source.questions.length, 2);
  await cache.close();
  await assert.rejects(waiting, { code: 'UPSTREAM_TIMED_OUT' });
});
