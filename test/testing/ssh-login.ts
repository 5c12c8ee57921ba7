/** Logins of the test client, by password and by prompts. */

import { Message } from '../../src/ssh/message.ts';
import type { TestClient } from '../../src/ssh/testing/client.ts';

export type Outcome = 'accepted' | 'refused' | 'disconnected';

/** Sends one password and says what came of it; the connection stays open. */
export async function byPassword(client: TestClient, userName: string, password: string): Promise<Outcome> {
  client.sendPassword(userName, password);
  return outcomeOf((await client.next())?.number);
}

/** Answers each prompt, whatever it asks, with the next of the answers. */
export async function byPrompts(
  client: TestClient,
  userName: string,
  answers: readonly string[],
): Promise<Outcome> {
  const left = [...answers];
  client.sendKeyboardInteractive(userName);
  for (;;) {
    const received = await client.next();
    if (received?.number !== Message.USERAUTH_INFO_REQUEST) return outcomeOf(received?.number);
    const { message } = received;
    for (let text = 0; text < 3; text += 1) message.string();
    client.sendAnswers(left.splice(0, message.uint32()));
  }
}

function outcomeOf(number: number | undefined): Outcome {
  if (number === Message.USERAUTH_SUCCESS) return 'accepted';
  return number === Message.USERAUTH_FAILURE ? 'refused' : 'disconnected';
}
