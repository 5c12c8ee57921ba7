/** One request to the simulator and the reply to it, and careful readers of what a client sent. */

import type { IncomingHttpHeaders } from 'node:http';
import { OktaFailure } from './errors.ts';

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; `text` is sent as it is. */
  readonly json?: unknown;
  readonly text?: string;
}

export type Members = Readonly<Record<string, unknown>>;

/** @throws OktaFailure E0000003 */
export function jsonMembers({ body }: Exchange): Members {
  const value = parsed(body);
  if (!isMembers(value)) throw new OktaFailure('E0000003');
  return value;
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member where it is a text, else undefined. */
export function textOf(members: Members, name: string): string | undefined {
  const value = members[name];
  return typeof value === 'string' ? value : undefined;
}

export function ok(json: unknown): Reply {
  return { status: 200, json };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
