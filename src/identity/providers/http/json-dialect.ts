/** The simple JSON call: `{username, password, protocol, serverId, sourceIp}`, answered with `{"allow": true, …}`. */

import { z } from 'zod';
import { DENIALS, type DenialCode, Denied, IdentityFault } from '../../decision.ts';
import { readRecord } from '../../records/reader.ts';
import type { UserRecord } from '../../records/record.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import { attributesOf } from '../attributes.ts';
import type { Group, Person } from '../provider.ts';
import type { Dialect, EndpointQuestion, EndpointRequest } from './dialect.ts';

const refused = z.looseObject({ allow: z.literal(false), reason: z.string().nullish() });
const group = z.union([
  z
    .string()
    .min(1)
    .transform((name) => ({ id: name, name })),
  z
    .looseObject({ id: z.string().min(1), name: z.string().min(1) })
    .transform(({ id, name }) => ({ id, name })),
]);
const members = z.record(z.string(), z.unknown());
const allowed = z.looseObject({
  allow: z.literal(true),
  subject: z.string().min(1).nullish(),
  userName: z.string().min(1).nullish(),
  attributes: members.nullish(),
  groups: z.array(group).nullish(),
  record: members.nullish(),
});

export class JsonDialect implements Dialect {
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  write({ login, userName, password }: EndpointQuestion): EndpointRequest {
    const { protocol, serverId, sourceIp } = login;
    const secret = password === undefined ? { lookUp: true } : { password: password.reveal() };
    return { json: { username: userName, ...secret, protocol, serverId, sourceIp } };
  }

  read({ status, json }: HttpAnswer, question: EndpointQuestion): Person {
    if (status === 401 || status === 403)
      throw new Denied(refusalCode(question), `The endpoint answers with status ${status}.`);
    const denial = status === 200 ? refused.safeParse(json) : undefined;
    if (denial?.success === true) throw denialOf(denial.data.reason, question);
    const parsed = allowed.safeParse(json);
    if (status !== 200 || !parsed.success)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', `The endpoint answers with status ${status}.`);
    const { subject, userName, attributes, groups, record } = parsed.data;
    return {
      subject: subject ?? question.userName,
      userName: userName ?? question.userName,
      attributes: attributesOf(attributes ?? {}),
      groups: groups ?? [],
      proofs: proofsOf(question),
      ...(record === null || record === undefined ? {} : { record: this.#recordOf(record, question) }),
    };
  }

  #recordOf(record: z.output<typeof members>, { login }: EndpointQuestion): UserRecord {
    const reading = { protocol: login.protocol, requireProtocolPassword: [], nowMs: this.#now() };
    const { record: read, remarks } = readRecord(record, reading);
    for (const { member, text } of remarks) login.trace.note(`http: ${member}`, text);
    // A password beside an answer judges nothing.
    const { password: _unused, ...others } = read;
    return { ...others, isPasswordOfProtocol: false };
  }
}

/** What is proven where the endpoint says yes. */
export function proofsOf({ password }: EndpointQuestion): Person['proofs'] {
  return password === undefined ? [] : ['password'];
}

/** Where the endpoint only says no. */
export function refusalCode({ password }: EndpointQuestion): DenialCode {
  return password === undefined ? 'USER_UNKNOWN' : 'BAD_CREDENTIALS';
}

/** Groups by their names alone. */
export function namedGroups(names: readonly string[]): readonly Group[] {
  return names.map((name) => ({ id: name, name }));
}

/** Codes of ours are taken as a reason; other texts may hold anything. */
function denialOf(reason: string | null | undefined, question: EndpointQuestion): Denied {
  const code = isDenialCode(reason) ? reason : refusalCode(question);
  return new Denied(code, 'The endpoint refuses.');
}

function isDenialCode(text: string | null | undefined): text is DenialCode {
  return typeof text === 'string' && Object.hasOwn(DENIALS, text);
}
