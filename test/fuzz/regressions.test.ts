import { test } from 'node:test';
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
