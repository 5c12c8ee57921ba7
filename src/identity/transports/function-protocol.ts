/** The messages between a local function's process and the server. Loaded by both, so it imports nothing at run time. */

import type { IdentityEvent } from '../request.ts';

/** Largest answer in UTF-8 bytes: Lambda's limit for a synchronous invocation. */
export const MAX_ANSWER_BYTES = 6 * 1024 * 1024;
/** Longest error text a function's process sends; what reaches a log is cut much shorter. */
export const MAX_SENT_ERROR_CHARACTERS = 32 * 1024;

/** Server to function. */
export interface InvokeMessage {
  readonly type: 'invoke';
  readonly requestId: string;
  readonly event: IdentityEvent;
  readonly functionArn: string;
  /** Milliseconds the function has from now on. */
  readonly timeoutMs: number;
}

/** Function to server. An answer travels as JSON text, as on Lambda: nothing but JSON can come out of a function. */
export type HostMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'bad-module'; readonly message: string }
  | { readonly type: 'answered'; readonly requestId: string; readonly json: string }
  | {
      readonly type: 'failed';
      readonly requestId: string;
      readonly failure: Failure;
      readonly message: string;
    };

const DIALOGUE_STATE = /^dialogue:(?<instanceId>[0-9a-f-]{36}):(?<dialogueId>[0-9a-f-]{36})$/;

/** The `State` of a generator's challenge: where the generator waits, and which of them it is. */
export interface DialogueState {
  readonly instanceId: string;
  readonly dialogueId: string;
}

export function writeDialogueState({ instanceId, dialogueId }: DialogueState): string {
  return `dialogue:${instanceId}:${dialogueId}`;
}

/** Undefined where the state is none, or a function's own. */
export function readDialogueState(state: string | undefined): DialogueState | undefined {
  const { instanceId, dialogueId } = DIALOGUE_STATE.exec(state ?? '')?.groups ?? {};
  return instanceId === undefined || dialogueId === undefined ? undefined : { instanceId, dialogueId };
}

const FAILURES = ['threw', 'answer-too-large', 'answer-not-json'] as const;
export type Failure = (typeof FAILURES)[number];

/** Checks a message from the function's process: code of a function can reach the channel too. */
export function isHostMessage(value: unknown): value is HostMessage {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  if (value.type === 'ready') return true;
  if (value.type === 'bad-module') return hasText(value, 'message');
  if (value.type === 'answered') return hasText(value, 'requestId') && hasText(value, 'json');
  return (
    value.type === 'failed' && hasText(value, 'requestId') && hasText(value, 'message') && hasFailure(value)
  );
}

function hasText(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === 'string';
}

function hasFailure(value: object): boolean {
  return FAILURES.some((failure) => failure === Reflect.get(value, 'failure'));
}
