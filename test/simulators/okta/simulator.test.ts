import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMembers, type Members } from '../exchange.ts';
import { startOktaSimulator } from './main.ts';
import { hotp } from './one-time-password.ts';
import { OktaSimulator } from './simulator.ts';

const USER = { id: '00u1', login: 'jdoe@example.com', password: 'Simulated-1' };
const HEADERS = { accept: 'application/json', 'user-agent': 'test' };
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

async function withOrg(work: (org: OktaSimulator) => Promise<void>): Promise<void> {
  const org = new OktaSimulator({ users: [USER], clients: [{ id: '0oa1' }] });
  await org.start();
  try {
    await work(org);
  } finally {
    await org.stop();
  }
}

async function post(url: string, body: object | URLSearchParams): Promise<{ status: number; json: Members }> {
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...HEADERS, 'content-type': type },
    body: isForm ? body.toString() : JSON.stringify(body),
  });
  const json: unknown = await response.json();
  return { status: response.status, json: isMembers(json) ? json : {} };
}

test('okta simulator - one-time passwords are those of RFC 4226 appendix D', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  assert.deepEqual(
    [0, 1, 2, 9].map((counter) => hotp(secret, counter)),
    ['755224', '287082', '359152', '520489'],
  );
});

test('okta simulator - a session token becomes a cookie once, and the cookie opens the own profile', () =>
  withOrg(async (org) => {
    const { json } = await post(`${org.origin}/api/v1/authn`, { username: 'jdoe', password: USER.password });
    const query = new URLSearchParams({
      client_id: '0oa1',
      redirect_uri: 'awstransfer:/callback',
      scope: 'openid',
      sessionToken: String(json.sessionToken),
    });
    const url = `${org.origin}/oauth2/v1/authorize?${query}`;
    const first = await fetch(url, { headers: HEADERS, redirect: 'manual' });
    assert.equal(first.status, 302);
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    const me: unknown = await (
      await fetch(`${org.origin}/api/v1/users/me`, { headers: { ...HEADERS, cookie } })
    ).json();
    assert.equal(isMembers(me) ? me.id : undefined, '00u1');
    const second = await fetch(url, { headers: HEADERS, redirect: 'manual' });
    assert.match(second.headers.get('location') ?? '', /login_required/);
  }));

test('okta simulator - a device is pending until somebody decides', () =>
  withOrg(async (org) => {
    const { json } = await post(
      `${org.origin}/oauth2/v1/device/authorize`,
      new URLSearchParams({ client_id: '0oa1' }),
    );
    const form = new URLSearchParams({
      client_id: '0oa1',
      grant_type: DEVICE_CODE,
      device_code: String(json.device_code),
    });
    assert.equal((await post(`${org.origin}/oauth2/v1/token`, form)).json.error, 'authorization_pending');
    org.decideDevice(String(json.user_code), 'jdoe');
    assert.equal((await post(`${org.origin}/oauth2/v1/token`, form)).status, 200);
    org.decideDevice(String(json.user_code));
    assert.equal((await post(`${org.origin}/oauth2/v1/token`, form)).json.error, 'access_denied');
  }));

test('okta simulator - a cancelled transaction is unknown', async () => {
  const okta = await startOktaSimulator();
  try {
    const authn = `${okta.origin}/api/v1/authn`;
    const { json } = await post(authn, { username: 'msmith', password: 'Simulated-1' });
    const { stateToken } = json;
    assert.equal((await post(authn, { stateToken })).json.status, 'MFA_REQUIRED');
    assert.equal((await post(`${authn}/skip`, { stateToken })).json.errorCode, 'E0000079');
    assert.equal((await post(`${authn}/cancel`, { stateToken })).status, 200);
    assert.equal((await post(authn, { stateToken })).json.errorCode, 'E0000011');
    assert.equal(okta.users.find(({ login }) => login.startsWith('msmith'))?.code()?.length, 6);
  } finally {
    await okta.stop();
  }
});

test('okta simulator - what a client must not do is kept', () =>
  withOrg(async (org) => {
    await fetch(`${org.origin}/api/v1/users/x?password=${USER.password}`, {
      headers: { ...HEADERS, 'x-forwarded-for': '203.0.113.9' },
    });
    await post(`${org.origin}/api/v1/authn`, {
      username: 'jdoe',
      password: 'x',
      context: { deviceToken: 'x'.repeat(33) },
    });
    assert.equal(org.violations.length, 4);
    assert.equal((await fetch(`${org.origin}/api/v1/authn`, { headers: HEADERS })).status, 405);
  }));
