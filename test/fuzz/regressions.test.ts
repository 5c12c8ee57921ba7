import { test } from 'node:test';
import { authentication } from './authentication.ts';
import { channels } from './channels.ts';

test('channels - a session that finishes while it is started is told of its end', async () => {
  await channels.check([
    { step: { kind: 'open', type: 'session', window: 0, maxPacket: 9 }, mutations: [] },
    {
      step: { kind: 'request', channel: 0, type: 'subsystem', wantsReply: false, text: 'finisher' },
      mutations: [],
    },
    { step: { kind: 'close', channel: 0 }, mutations: [] },
  ]);
});

test('authentication - a change of password whose flag is damaged is a login with the old one', async () => {
  await authentication.check([
    [
      {
        request: { kind: 'password', password: 'correct horse', isChange: true },
        mutations: [{ kind: 'length', place: 40_330, value: 0 }],
      },
    ],
  ]);
});
