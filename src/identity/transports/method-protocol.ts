/** The words of the HTTP form of the contract, for the side that asks and the side that answers. */

import { z } from 'zod';
import { MAX_CHALLENGE_PROMPTS } from '../challenge-answer.ts';
import type { Decision } from '../decision.ts';
import { isDecisionCode } from './built-in-protocol.ts';

/** Service name of the signature (SigV4). */
export const SIGNED_SERVICE = 'execute-api';

export const HEADERS = {
  password: 'Password',
  passwordBase64: 'PasswordBase64',
  /** The same as in the query; a firewall in front can match on a header. */
  sourceIp: 'SourceIP',
  apiKey: 'x-api-key',
  requestId: 'X-Request-Id',
  /** Our own: the code of what the provider decided, for the log of who asks. */
  decision: 'X-Drawbridge-Decision',
} as const;

/** Body of our extension: what a dialogue adds to a question. Sent with POST in place of GET. */
export const dialogueBody = z.strictObject({
  challengeAnswers: z.array(z.string()).max(MAX_CHALLENGE_PROMPTS).optional(),
  state: z.string().optional(),
  interactive: z.literal(true).optional(),
});

export type DialogueBody = z.output<typeof dialogueBody>;

/**
 * Whether the password arrives in the `Password` header as it was typed: anything but printable ASCII has no defined
 * encoding there, and blanks at its ends are cut off on the way (RFC 9110, section 5.5).
 */
export function fitsPasswordHeader(password: string): boolean {
  return /^[!-~](?:[ -~]*[!-~])?$/.test(password);
}

/** The decision that a header names; undefined where it names none that is known. */
export function readDecisionHeader(code: string | null): Decision['code'] | undefined {
  return code !== null && isDecisionCode(code) ? code : undefined;
}
