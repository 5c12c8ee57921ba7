import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOneLoginSimulator } from '../../../../test/simulators/onelogin/main.ts';
import { Clock, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { oneLoginOptions } from './options.ts';
import { createOneLoginProvider } from './provider.ts';

test('onelogin simulator - its users log in', async (t) => {
  const { origin, subdomain, clientId, clientSecret, users, stop } = await startOneLoginSimulator();
  t.after(stop);
  const parsed = oneLoginOptions.parse({ url: origin, subdomain, clientId, clientSecret, readUsers: true });
  const bench = new ProviderBench((where) => createOneLoginProvider(parsed, where), new Clock(Date.now()));
  const [first] = users;
  const person = personIn(await bench.password(first?.password));
  assert.deepEqual(person.attributes.get('sftp_uid'), ['2030']);
  await bench.assertRefused(bench.password(first?.password, { userName: 'left' }), 'ACCOUNT_DISABLED');
});
