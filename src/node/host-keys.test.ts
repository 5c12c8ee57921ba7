import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DEFAULT_SECURITY_POLICY } from '../endpoint/security-policies.ts';
import { findSecurityPolicy } from '../endpoint/security-policy.ts';
import { openSshText } from '../ssh/testing/openssh-key.ts';
import { createLog } from '../telemetry/log.ts';
import { ConfigurationError } from './config/problem.ts';
import { readHostKeys, usableKeys } from './host-keys.ts';

const ED25519 = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
const ECDSA = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ANY_NIST = findSecurityPolicy('TransferSecurityPolicy-2024-01') ?? DEFAULT_SECURITY_POLICY;

/** A log that is kept. */
function keptLog() {
  const lines: string[] = [];
  return {
    log: createLog({ level: 'warn', stream: { write: (line: string) => void lines.push(line) } }),
    lines,
  };
}

async function writeFiles(t: TestContext, texts: readonly string[], mode = 0o600): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-host-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  return Promise.all(
    texts.map(async (text, index) => {
      const file = join(folder, `key-${index}`);
      await writeFile(file, text);
      await chmod(file, mode);
      return file;
    }),
  );
}

async function refusal(files: readonly string[], policy = DEFAULT_SECURITY_POLICY): Promise<string> {
  const error: unknown = await readHostKeys(files, policy, keptLog().log).then(
    () => assert.fail('the keys were taken'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigurationError, String(error));
  return error.message;
}

test('host keys of a server - keep their order, several of one type too', async (t) => {
  const pem = ED25519().export({ format: 'pem', type: 'pkcs8' }).toString();
  const files = await writeFiles(t, [openSshText(ED25519()), pem, openSshText(ECDSA())]);
  const { log, lines } = keptLog();
  const keys = await readHostKeys(files, ANY_NIST, log);
  assert.deepEqual(
    keys.map(({ publicKey }) => publicKey.type),
    ['ssh-ed25519', 'ssh-ed25519', 'ecdsa-sha2-nistp256'],
  );
  assert.deepEqual(lines, []);
});

test('host keys of a server - one the policy has no algorithm for is kept and said', async (t) => {
  const files = await writeFiles(t, [openSshText(ECDSA()), openSshText(ED25519())]);
  const { log, lines } = keptLog();
  const keys = await readHostKeys(files, DEFAULT_SECURITY_POLICY, log);
  assert.equal(usableKeys(keys, DEFAULT_SECURITY_POLICY).length, 1);
  assert.match(lines.join(''), /key-0.*has no algorithm for this host key/);
});

test('host keys of a server - none that the policy could use is an error that says which are needed', async (t) => {
  const files = await writeFiles(t, [openSshText(ECDSA())]);
  assert.match(
    await refusal(files),
    /takes ssh-ed25519, rsa-sha2-512, rsa-sha2-256; add a key for one of these$/,
  );
});

test('host keys of a server - a file that others may read is taken and said', async (t) => {
  const files = await writeFiles(t, [openSshText(ED25519())], 0o644);
  const { log, lines } = keptLog();
  await readHostKeys(files, DEFAULT_SECURITY_POLICY, log);
  assert.match(lines.join(''), /chmod 600/);
});

test('host keys of a server - a wrong file is named with what is wrong', async (t) => {
  const key = openSshText(ED25519());
  const locked = openSshText(ED25519(), { cipher: 'aes256-ctr', keyDerivation: 'bcrypt' });
  const files = await writeFiles(t, [key, key, locked, 'ssh-ed25519 AAAA', 'x'.repeat(100_000)]);
  const [first = '', twin = '', encrypted = '', publicKey = '', huge = ''] = files;
  assert.match(await refusal([first, twin]), /key-1: holds the same key as .*key-0; take one of them out$/);
  assert.match(await refusal([encrypted]), /key-2: cannot be used as a host key: .*ssh-keygen -p -N ''/);
  assert.match(await refusal([publicKey]), /key-3: cannot be used as a host key: this is not a private key/);
  assert.match(await refusal([huge]), /key-4: is too large/);
  assert.match(await refusal([`${first}-gone`]), /key-0-gone: this host key file cannot be read \(ENOENT\)/);
});
