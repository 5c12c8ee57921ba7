import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IdentityFault } from './decision.ts';
import { optionsFromEnvironment, readConfiguration } from './environment.ts';

const FILE = { DRAWBRIDGE_PROVIDER: 'file', FILE_PATH: 'users.yaml' };

/** The problem that a configuration must have. */
async function problemOf(environment: Readonly<Record<string, string>>): Promise<string> {
  const error = await readConfiguration(environment).then(
    () => assert.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof IdentityFault, String(error));
  assert.equal(error.code, 'CONFIGURATION_INVALID');
  return error.message;
}

test('environment - options have variables of their own', () => {
  const { provider, options } = optionsFromEnvironment('okta', {
    OKTA_ORG_URL: 'https://example.okta.com',
    OKTA_SIGN_IN_DOMAIN: 'example.com',
    OKTA_MFA: 'appended',
    OKTA_CODE_LENGTH: '8',
    OTHER: 'x',
  });
  assert.equal(provider, 'okta');
  assert.deepEqual(
    ['orgUrl', 'signInDomain', 'mfa', 'codeLength'].map((name) => Reflect.get(options, name)),
    ['https://example.okta.com', 'example.com', 'appended', 8],
  );
});

test('environment - a whole configuration is YAML or JSON, in a variable or a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-environment-'));
  const file = join(folder, 'identity.yaml');
  await writeFile(file, 'provider: okta\noptions: { orgUrl: "https://example.okta.com" }\n');
  const json = '{"provider":"okta","options":{"orgUrl":"https://example.okta.com"}}';
  const read = await Promise.all([
    readConfiguration({ DRAWBRIDGE_IDENTITY: json }),
    readConfiguration({ DRAWBRIDGE_IDENTITY_FILE: file }),
  ]);
  await rm(folder, { recursive: true });
  assert.deepEqual(read[0], read[1]);
  assert.equal(read[0].provider, 'okta');
});

test('environment - rules and profiles are given beside the options', () => {
  const { rules } = optionsFromEnvironment('okta', {
    OKTA_ORG_URL: 'https://example.okta.com',
    DRAWBRIDGE_RULES: 'dialogueSeconds: 60',
  });
  assert.equal(rules.dialogueSeconds, 60);
});

test('environment - what is not an option is named', async () => {
  const message = await problemOf({
    DRAWBRIDGE_PROVIDER: 'okta',
    OKTA_ORG_URL: 'https://example.okta.com',
    OKTA_ORGURL: 'x',
  });
  assert.match(message, /orgurl/);
});

test('environment - a proxy is no option of the provider http', async () => {
  assert.doesNotMatch(
    await problemOf({ DRAWBRIDGE_PROVIDER: 'http', HTTP_PROXY: 'http://proxy:3128', HTTP_TYPO: 'x' }),
    /"proxy"/,
  );
});

test('environment - none and several configurations are refused', async () => {
  assert.match(await problemOf({}), /set are: none/);
  assert.match(
    await problemOf({ ...FILE, DRAWBRIDGE_IDENTITY: '{}' }),
    /DRAWBRIDGE_IDENTITY, DRAWBRIDGE_PROVIDER/,
  );
});

test('environment - a broken text is refused and not quoted', async () => {
  const message = await problemOf({ DRAWBRIDGE_IDENTITY: 'clientSecret: "c4nary\nx: [' });
  assert.match(message, /DRAWBRIDGE_IDENTITY is neither YAML nor JSON/);
  assert.equal(message.includes('c4nary'), false);
});

test('environment - a file that is not there is named', async () => {
  assert.match(await problemOf({ DRAWBRIDGE_IDENTITY_FILE: '/no/such/file.yaml' }), /\/no\/such\/file\.yaml/);
});
