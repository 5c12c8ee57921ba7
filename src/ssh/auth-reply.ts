/** What the server says while a user logs in, on the wire (RFC 4252, RFC 4256). */

import { ByteWriter } from '../wire/byte-writer.ts';
import type { AuthMethod, Challenge } from './authenticator.ts';
import { Message } from './message.ts';

export function failureReply(methods: readonly AuthMethod[], isPartialSuccess: boolean): Buffer {
  return new ByteWriter()
    .uint8(Message.USERAUTH_FAILURE)
    .nameList(methods)
    .boolean(isPartialSuccess)
    .finish();
}

export function successReply(): Buffer {
  return Buffer.from([Message.USERAUTH_SUCCESS]);
}

/** The key would do: sign with it. */
export function keyAcceptedReply(algorithm: string, blob: Buffer): Buffer {
  return new ByteWriter().uint8(Message.USERAUTH_PK_OK).string(algorithm).string(blob).finish();
}

export function passwordChangeReply(prompt: string): Buffer {
  return new ByteWriter()
    .uint8(Message.USERAUTH_PASSWD_CHANGEREQ)
    .string(plainText(prompt))
    .string('')
    .finish();
}

export function challengeReply({ name, instruction, prompts }: Challenge): Buffer {
  const reply = new ByteWriter()
    .uint8(Message.USERAUTH_INFO_REQUEST)
    .string(plainText(name))
    .string(plainText(instruction))
    .string('')
    .uint32(prompts.length);
  for (const { text, echo } of prompts) reply.string(plainText(text)).boolean(echo);
  return reply.finish();
}

export function bannerMessage(text: string): Buffer {
  // RFC 4252 section 5.4 wants CR LF line ends.
  const lines = text.replace(/\r?\n/g, '\r\n').replace(/(\r\n)?$/, '\r\n');
  return new ByteWriter().uint8(Message.USERAUTH_BANNER).string(lines).string('').finish();
}

/** Without what could steer the user's terminal: the text comes from a function, and may hold what others typed. */
function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) =>
    '\n\t'.includes(character) ? character : '',
  );
}
