/** Starts a conversation over an empty memory storage. */

import { MemoryStorage } from '../../files/storage/memory.ts';
import type { StorageSession } from '../../files/storage.ts';
import { Conversation, type ConversationOptions } from './conversation.ts';

const SESSION: StorageSession = {
  userName: 'jane',
  sessionId: '0123456789abcdef',
  signal: new AbortController().signal,
};

export async function start(
  options: Omit<ConversationOptions, 'inner'> = {},
  initialises = true,
): Promise<Conversation> {
  const conversation = new Conversation({ ...options, inner: new MemoryStorage().attach(SESSION) });
  if (initialises) await conversation.client.init();
  return conversation;
}
