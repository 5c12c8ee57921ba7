/** The messages between the server and the process of a built-in provider: many questions side by side, each with a number. */

import { z } from 'zod';
import { DENIALS, type Decision, FAULTS } from '../decision.ts';
import type { IdentityEvent } from '../request.ts';

/** Server to process. */
export type BuiltInMessage =
  /** The first one. The configuration may hold secrets: arguments and environment of a process are seen by others. */
  | {
      readonly type: 'configure';
      readonly configuration: unknown;
      readonly region: string;
      readonly folder: string;
    }
  | { readonly type: 'check' }
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly event: IdentityEvent;
      readonly remainingMs: number;
    }
  | { readonly type: 'cancel'; readonly id: number };

/** Process to server. An answer travels as JSON text, as on Lambda: nothing but JSON can come out of a function. */
export type BuiltInReply =
  | { readonly type: 'ready' }
  /** With a fault: the provider cannot be asked. */
  | { readonly type: 'checked'; readonly fault?: Decision | undefined }
  | {
      readonly type: 'answered';
      readonly id: number;
      readonly json: string;
      readonly decision?: Decision | undefined;
    }
  | { readonly type: 'failed'; readonly id: number; readonly fault: Decision }
  | { readonly type: 'cancelled'; readonly id: number };

const DECISION_CODES: ReadonlySet<string> = new Set([
  'GRANTED',
  'CHALLENGED',
  ...Object.keys(DENIALS),
  ...Object.keys(FAULTS),
]);

/** Whether the text is the code of a decision. */
export function isDecisionCode(text: string): text is Decision['code'] {
  return DECISION_CODES.has(text);
}

const decision = z.object({
  code: z.string().refine(isDecisionCode),
  message: z.string(),
});

const id = z.int();

const reply = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('checked'), fault: decision.optional() }),
  z.object({ type: z.literal('answered'), id, json: z.string(), decision: decision.optional() }),
  z.object({ type: z.literal('failed'), id, fault: decision }),
  z.object({ type: z.literal('cancelled'), id }),
]);

/** Undefined where the message is none of ours: libraries of the process can reach the channel too. */
export function readBuiltInReply(value: unknown): BuiltInReply | undefined {
  const { data } = reply.safeParse(value);
  return data;
}
