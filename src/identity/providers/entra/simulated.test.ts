import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEntraSimulator } from '../../../../test/simulators/entra/main.ts';
import { Clock, ProviderBench, personIn } from '../testing/provider-bench.ts';
import { entraOptions } from './options.ts';
import { createEntraProvider } from './provider.ts';

test('entra simulator - its users log in, and a device code can be approved on its page', async (t) => {
  const { authorityUrl, origin, clientId, clientSecret, users, stop } = await startEntraSimulator();
  t.after(stop);
  const common = {
    authority: authorityUrl,
    graphUrl: origin,
    clientId,
    clientSecret,
    signInDomain: 'contoso.example',
  };
  const benchOf = (options: object) => {
    const parsed = entraOptions.parse({ ...common, ...options });
    return new ProviderBench((where) => createEntraProvider(parsed, where), new Clock(Date.now()));
  };
  const [first] = users;
  const person = personIn(await benchOf({ readDirectory: true }).password(first?.password));
  assert.deepEqual(person.attributes.get('extensionAttribute1'), ['2030']);
  const many = personIn(await benchOf({}).password(first?.password, { userName: 'msmith' }));
  assert.equal(many.groups.length, 250);

  const device = benchOf({ flow: 'device-code' });
  const step = await device.begin();
  const text = step.outcome === 'asks' ? (step.question.instruction ?? '') : '';
  const [, page = '', code = ''] = /Open (\S+) and enter the code (\S+)/.exec(text) ?? [];
  const form = new URLSearchParams({ code, name: 'jdoe@contoso.example' });
  assert.match(await (await fetch(page, { method: 'POST', body: form })).text(), /Done/);
  device.clock.pass(5);
  assert.equal(personIn(await device.answer(step, [''])).userName, 'jdoe@contoso.example');
});
