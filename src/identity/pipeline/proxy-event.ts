/** The event of an API Gateway proxy (payload formats 1.0 and 2.0) as the event of the Lambda contract. */

import { z } from 'zod';
import { IdentityFault } from '../decision.ts';
import { type DialogueBody, dialogueBody } from '../transports/method-protocol.ts';

const text = z.string();
const textMap = z.record(z.string(), text.nullish()).nullish();
const listMap = z.record(z.string(), z.array(text)).nullish();

const proxySchema = z.looseObject({
  pathParameters: textMap,
  path: text.nullish(),
  rawPath: text.nullish(),
  queryStringParameters: textMap,
  multiValueQueryStringParameters: listMap,
  headers: textMap,
  httpMethod: text.nullish(),
  requestContext: z.looseObject({ http: z.looseObject({ method: text }).nullish() }).nullish(),
  body: text.nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

type ProxyEvent = z.output<typeof proxySchema>;

/** `GET {url}/servers/{serverId}/users/{username}/config`; the stage may stand before it. */
const PATH = /\/servers\/(?<serverId>[^/]+)\/users\/(?<username>[^/]+)\/config\/?$/;
/** Padding may be missing. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether the event is one of an API Gateway proxy, whose answer has a status and a body. */
export function isProxyEvent(event: unknown): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    !('username' in event) &&
    ('httpMethod' in event || 'rawPath' in event || 'pathParameters' in event || 'requestContext' in event)
  );
}

/** The event itself where it is none of a proxy. @throws IdentityFault EVENT_INVALID */
export function lambdaEventOf(event: unknown): unknown {
  if (!isProxyEvent(event)) return event;
  const read = proxySchema.safeParse(event);
  if (!read.success) throw new IdentityFault('EVENT_INVALID', 'Not an event of an API Gateway proxy.');
  const { data } = read;
  const password = passwordOf(data);
  return {
    username: pathMember(data, 'username'),
    serverId: pathMember(data, 'serverId'),
    protocol: queryMember(data, 'protocol'),
    sourceIp: queryMember(data, 'sourceIp'),
    ...(password === undefined ? {} : { password }),
    ...dialogueIn(data),
  };
}

/** Our extension: a POST brings what a dialogue adds to the question. */
function dialogueIn({ httpMethod, requestContext, body, isBase64Encoded }: ProxyEvent): DialogueBody {
  const method = httpMethod ?? requestContext?.http?.method;
  if (method !== 'POST' || body === undefined || body === null) return {};
  const json = isBase64Encoded === true ? Buffer.from(body, 'base64').toString('utf8') : body;
  const read = dialogueBody.safeParse(parsed(json));
  if (!read.success) throw new IdentityFault('EVENT_INVALID', 'The body is not one of a dialogue.');
  return read.data;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * A REST API hands path parameters on as the client encoded them, an HTTP API decodes them. No user name holds a `%`, so to
 * decode once suits both, and what was encoded twice keeps a `%` and is refused as a name.
 */
function pathMember({ pathParameters, path, rawPath }: ProxyEvent, name: 'username' | 'serverId'): unknown {
  const written = pathParameters?.[name] ?? PATH.exec(rawPath ?? path ?? '')?.groups?.[name];
  if (written === undefined || written === null) return undefined;
  try {
    return decodeURIComponent(written);
  } catch {
    throw new IdentityFault('EVENT_INVALID', 'The path is not percent-encoded as it should be.');
  }
}

/** A parameter given twice is refused: the one who signed the request may not have meant the last. */
function queryMember(event: ProxyEvent, name: string): unknown {
  const all = event.multiValueQueryStringParameters?.[name] ?? [];
  if (all.length > 1) throw new IdentityFault('EVENT_INVALID', `The query has more than one ${name}.`);
  const value = event.queryStringParameters?.[name] ?? all[0];
  // Payload format 2.0 joins repeated parameters with commas; no legitimate value has one.
  if (value?.includes(',')) throw new IdentityFault('EVENT_INVALID', `The query has more than one ${name}.`);
  return value;
}

/** `Password` is safe for ASCII only, which is why `PasswordBase64` was added; where both are given that one counts. */
function passwordOf({ headers }: ProxyEvent): string | undefined {
  const encoded = header(headers, 'passwordbase64');
  if (encoded === undefined) return header(headers, 'password');
  if (!BASE64.test(encoded)) throw new IdentityFault('EVENT_INVALID', 'PasswordBase64 is not Base64.');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    throw new IdentityFault('EVENT_INVALID', 'PasswordBase64 is not UTF-8.');
  }
}

function header(headers: ProxyEvent['headers'], name: string): string | undefined {
  const entry = Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return entry?.[1] ?? undefined;
}
