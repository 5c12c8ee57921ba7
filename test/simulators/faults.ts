/** Faults that a simulator commits on demand, in place of an answer or upon it. */

import type { ServerResponse } from 'node:http';
import type { Reply } from './exchange.ts';

export type Fault =
  /** The connection is closed without a word. */
  | { readonly kind: 'drop' }
  /** Nothing is ever answered, or only the headers are. */
  | { readonly kind: 'silence'; readonly after: 'request' | 'headers' }
  /** Half of the body that would have been sent. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'malformed' }
  /** The error page of a proxy. */
  | { readonly kind: 'html'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** The answer comes late. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The answer after a change by the test. */
  | { readonly kind: 'altered'; readonly alter: (reply: Reply) => Reply };

/** @returns the reply that is sent in place of the right one; undefined where the fault has dealt with the response */
export async function commit(
  fault: Fault,
  response: ServerResponse,
  makeReply: () => Promise<Reply>,
): Promise<Reply | undefined> {
  switch (fault.kind) {
    case 'drop':
      response.socket?.destroy();
      return undefined;
    case 'silence':
      if (fault.after === 'headers') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
      }
      return undefined;
    case 'truncated': {
      const text = JSON.stringify((await makeReply()).json);
      return {
        status: 200,
        text: text.slice(0, text.length / 2),
        headers: { 'content-type': 'application/json' },
      };
    }
    case 'malformed':
      return { status: 200, text: '{"status":SUCCESS}', headers: { 'content-type': 'application/json' } };
    case 'html':
      return {
        status: fault.status,
        text: '<!doctype html><title>Bad gateway</title>',
        headers: { 'content-type': 'text/html' },
      };
    case 'redirect':
      return { status: 302, text: '', headers: { location: fault.to } };
    case 'latency':
      await new Promise((resolve) => setTimeout(resolve, fault.ms).unref());
      return makeReply();
    case 'altered':
      return fault.alter(await makeReply());
  }
}
