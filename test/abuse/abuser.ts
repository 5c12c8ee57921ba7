/** The process that misbehaves: `abuser.ts KIND PORT USER PASSWORD`, until it is killed. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Message } from '../../src/ssh/message.ts';
import { TestClient } from '../../src/ssh/testing/client.ts';
import { ABUSES, type Abuse } from './kinds.ts';

/** Between the end of a connection and the next one; faster ones are a matter for limits on addresses. */
const RECONNECT_MS = 100;

const [kind = '', port = '', userName = '', password = ''] = process.argv.slice(2);
const abuse = ABUSES.find(({ name }) => name === kind);
if (abuse === undefined) throw new Error(`there is no abuse '${kind}'`);
// What is to be seen is the server, not two programs that compete for the cores of this machine.
setPriority(constants.priority.PRIORITY_LOW);
// A socket that is not read keeps no process alive.
setInterval(() => undefined, 60_000);
await Promise.all(Array.from({ length: abuse.connections }, () => misbehave(abuse)));

async function misbehave({ run }: Abuse): Promise<never> {
  for (;;) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => socket.destroy());
    try {
      await once(socket, 'connect');
      const client = new TestClient(socket);
      const logIn = async () => {
        await client.handshake();
        await client.startAuthentication();
        client.sendPassword(userName, password);
        await client.expect(Message.USERAUTH_SUCCESS);
      };
      await run({ socket, client, logIn });
    } catch {
      // The server ended the connection, as it should; the next one comes.
    }
    socket.destroy();
    await delay(RECONNECT_MS);
  }
}
