/** One request to a simulator and the reply to it, and careful readers of what a client sent. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Longest request body in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

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

/** @throws Error where it is too long */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let byteCount = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    byteCount += bytes.byteLength;
    if (byteCount > MAX_BODY_BYTES) throw new Error('the body is too long');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The body as an object of JSON; undefined where it is none. */
export function membersIn({ body }: Pick<Exchange, 'body'>): Members | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
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
