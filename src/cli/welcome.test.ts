import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../node/config/load.ts';
import { welcomeText } from './welcome.ts';

const servers = [
  {
    serverId: 's-0123456789abcdef0',
    listen: { SFTP: { host: '127.0.0.1', port: 2222 } },
    hostKeys: [{ type: 'ssh-ed25519', fingerprint: 'SHA256:abc' }],
  },
];

test('welcome - the demo says the exact command, the user, the password and where the files are', async () => {
  const configuration = await loadConfiguration({ dataOverride: '/srv/data', environment: {} });
  const demo = {
    userName: 'demo',
    password: 'aaaaa-bbbbb',
    recordPath: '/r.json',
    filesPath: '/srv/data/buckets/demo-bucket',
  };
  const text = welcomeText({ version: '1.2.3', configuration, servers, demo });
  assert.match(text, /^ {2}sftp -P 2222 demo@127\.0\.0\.1$/m);
  assert.match(text, /^ {2}password {2}aaaaa-bbbbb$/m);
  assert.match(text, /^ {2}files in {2}\/srv\/data\/buckets\/demo-bucket$/m);
  assert.match(text, /SHA256:abc \(ssh-ed25519\)/);
  const { password: _shownBefore, ...known } = demo;
  const later = welcomeText({ version: '1.2.3', configuration, servers, demo: known });
  assert.doesNotMatch(later, /aaaaa/);
  assert.match(later, /remove \/r\.json/);
});

test("welcome - a configuration of one's own shows the servers and nothing of the demo", async () => {
  const configuration = await loadConfiguration({ environment: {} });
  const text = welcomeText({ version: '1.2.3', configuration, servers, demo: undefined });
  assert.match(text, /s-0123456789abcdef0 {2}SFTP on 127\.0\.0\.1:2222/);
  assert.doesNotMatch(text, /password/);
});
