/** Starts a conversation over an empty memory storage. */

import { MemoryStorage } from '../../files/storage/memory.ts';
import { testSession } from '../../files/testing/fixture.ts';
import { Conversation, type ConversationOptions } from './conversation.ts';

const SESSION = testSession();

export async function start(
  options: Omit<ConversationOptions, 'inner'> = {},
  initialises = true,
): Promise<Conversation> {
  const conversation = new Conversation({ ...options, inner: new MemoryStorage().attach(SESSION) });
  if (initialises) await conversation.client.init();
  return conversation;
}
