import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../secret.ts';
import { readProviderItem } from './items.ts';
import { moduleConfiguration } from './modules.ts';

const secrets = {
  async read(id: string) {
    if (id === 'arn:account') return new Secret('{"username":"svc","password":"canary-service"}');
    return new Secret(`text of ${id}`);
  },
};

async function optionsOf(module: string, config: object): Promise<Record<string, unknown>> {
  const item = readProviderItem({ provider: 'corp', module, config });
  const { options } = await moduleConfiguration(item, secrets, 'eu-west-1');
  return { ...options };
}

function includes(actual: Record<string, unknown>, expected: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(actual[name], value, name);
}

test('toolkit modules - ldap binds as the user, in the domain', async () => {
  const base = { server: ['dc1.corp.test', 'dc2.corp.test'], search_base: 'DC=corp,DC=test' };
  includes(await optionsOf('ldap', { ...base, domain: 'corp.test' }), {
    servers: ['ldaps://dc1.corp.test:636', 'ldaps://dc2.corp.test:636'],
    serverOrder: 'round-robin',
    mode: 'direct',
    bindName: '{username}@corp.test',
    searchBase: 'DC=corp,DC=test',
    service: undefined,
    allowedGroups: undefined,
  });
  includes(await optionsOf('ldap', { ...base, domain: 'CORP' }), { bindName: 'CORP\\{username}' });
  includes(await optionsOf('ldap', base), { bindName: '{signInName}' });
});

test('toolkit modules - ldap takes its secrets, groups and attributes along', async () => {
  const options = await optionsOf('ldap', {
    server: 'dc1.corp.test',
    port: 3269,
    search_base: 'DC=corp,DC=test',
    domain: 'corp.test',
    attributes: { Uid: 'uidNumber', Gid: 'gidNumber', PublicKeys: 'altSecurityIdentities' },
    ldap_service_account_secret_arn: 'arn:account',
    ldap_ssl_ca_secret_arn: 'arn:ca',
    ldap_allowed_groups: ['CN=sftp,DC=corp,DC=test'],
  });
  includes(options, {
    servers: ['ldaps://dc1.corp.test:3269'],
    service: { method: 'simple', dn: 'svc@corp.test', password: 'canary-service' },
    tls: { ca: 'text of arn:ca', verify: true },
    attributes: ['uidNumber', 'gidNumber'],
    publicKeyAttributes: ['altSecurityIdentities'],
    allowedGroups: ['CN=sftp,DC=corp,DC=test'],
  });
});

test('toolkit modules - ldap without TLS is what the item asks for by name', async () => {
  const options = await optionsOf('ldap', { server: 'dc1', port: 389, ssl: false, search_base: 'DC=x' });
  includes(options, { servers: ['ldap://dc1:389'], allowPlaintext: true });
});

test('toolkit modules - cognito needs the pool whose tokens are taken', async () => {
  const config = {
    cognito_client_id: 'client',
    cognito_user_pool_region: 'us-east-1',
    mfa: true,
    mfa_token_length: 8,
  };
  includes(await optionsOf('cognito', { ...config, cognito_user_pool_id: 'us-east-1_aBcDeFgHi' }), {
    clientId: 'client',
    userPoolId: 'us-east-1_aBcDeFgHi',
    region: 'us-east-1',
    flow: 'user-password',
    mfa: 'appended',
    codeLength: 8,
  });
  await assert.rejects(optionsOf('cognito', config), {
    code: 'CONFIGURATION_INVALID',
    message: /cognito_user_pool_id/,
  });
});

test('toolkit modules - okta with mfa takes the code off the password', async () => {
  includes(await optionsOf('okta', { okta_domain: 'example.okta.com', mfa: true }), {
    orgUrl: 'https://example.okta.com',
    mfa: 'appended',
    codeLength: 6,
  });
  includes(await optionsOf('okta', { okta_domain: 'example.okta.com' }), { mfa: 'none' });
});

test('toolkit modules - okta reads attributes with a token', async () => {
  const config = { okta_domain: 'example.okta.com', attributes: { Role: 'sftpRole' } };
  const options = await optionsOf('okta', { ...config, okta_api_token_secret_arn: 'arn:token' });
  includes(options, { apiToken: 'text of arn:token' });
  await assert.rejects(optionsOf('okta', config), { code: 'CONFIGURATION_INVALID' });
});

test('toolkit modules - entra needs the tenant whose users are taken', async () => {
  const tenantId = '11111111-2222-3333-4444-555555555555';
  const config = { client_id: 'client', app_secret_arn: 'arn:app' };
  includes(await optionsOf('entra', { ...config, entra_tenant_id: tenantId }), {
    clientId: 'client',
    clientSecret: 'text of arn:app',
    authority: 'https://login.microsoftonline.com/organizations',
    tenantId,
    flow: 'password',
  });
  const authority_url = `https://login.microsoftonline.us/${tenantId}`;
  includes(await optionsOf('entra', { client_id: 'client', authority_url }), {
    authority: authority_url,
    clientSecret: undefined,
  });
  for (const foreign of [{}, { authority_url: 'https://login.microsoftonline.com/common' }])
    await assert.rejects(optionsOf('entra', { ...config, ...foreign }), { code: 'CONFIGURATION_INVALID' });
});

test('toolkit modules - secrets are found under the prefix', async () => {
  includes(await optionsOf('secrets_manager', {}), { secretNames: ['SFTP/{userName}'], region: 'eu-west-1' });
  includes(await optionsOf('secrets_manager', { secret_prefix: 'x/' }), { secretNames: ['x/{userName}'] });
});

test('toolkit modules - a message about an item names members and no values', async () => {
  const secret = { server: 'dc1', search_base: 'DC=x', ldap_service_account_secret_arn: 'arn:broken' };
  await assert.rejects(optionsOf('ldap', secret), (error: Error) => {
    assert.match(error.message, /service account/);
    assert.ok(!error.message.includes('text of'));
    return true;
  });
});
