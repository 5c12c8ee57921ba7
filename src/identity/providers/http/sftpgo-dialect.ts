/**
 * Hooks that were written for SFTPGo: external authentication for passwords, pre-login for keys. What their users may not do there they
 * do not get here by a side door: what cannot be honoured refuses.
 */

import { z } from 'zod';
import { IpRange } from '../../../policy/ip-range.ts';
import { Denied, IdentityFault } from '../../decision.ts';
import { readRecord } from '../../records/reader.ts';
import type { UserRecord } from '../../records/record.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import { attributesOf } from '../attributes.ts';
import type { Login, Person } from '../provider.ts';
import type { Dialect, EndpointQuestion, EndpointRequest } from './dialect.ts';
import { namedGroups, proofsOf, refusalCode } from './json-dialect.ts';
import type { HttpOptions } from './options.ts';

/** SFTPGo's `status` of an enabled user; its own default is 0, disabled. */
const ENABLED = 1;
const ALL = '*';
const ROOT = '/';

const texts = z.array(z.string()).nullish();
const filters = z.looseObject({
  allowed_ip: texts,
  denied_ip: texts,
  denied_protocols: texts,
  denied_login_methods: texts,
  two_factor_protocols: texts,
  require_password_change: z.boolean().nullish(),
  access_time: z.array(z.unknown()).nullish(),
  file_patterns: z.array(z.unknown()).nullish(),
});
const user = z.looseObject({
  username: z.string().nullish(),
  status: z.int().nullish(),
  expiration_date: z.number().nullish(),
  public_keys: texts,
  uid: z.int().min(0).nullish(),
  gid: z.int().min(0).nullish(),
  permissions: z.record(z.string(), z.array(z.string())).nullish(),
  filters: filters.nullish(),
  groups: z.array(z.looseObject({ name: z.string().min(1) })).nullish(),
});
type User = z.output<typeof user>;
type Filters = z.output<typeof filters>;

export class SftpgoDialect implements Dialect {
  readonly #limits: HttpOptions['sftpgoLimits'];
  readonly #now: () => number;

  constructor(limits: HttpOptions['sftpgoLimits'], now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  write({ login, userName, password }: EndpointQuestion): EndpointRequest {
    const ip = login.sourceIp;
    const protocol = protocolOf(login);
    if (password === undefined)
      return { query: { login_method: 'publickey', ip, protocol }, json: { id: 0, username: userName } };
    return {
      json: {
        username: userName,
        ip,
        protocol,
        password: password.reveal(),
        public_key: '',
        keyboard_interactive: '',
        tls_cert: '',
      },
    };
  }

  read({ status, json }: HttpAnswer, question: EndpointQuestion): Person {
    if (status !== 200) throw new Denied(refusalCode(question), `The hook answers with status ${status}.`);
    const parsed = user.safeParse(json);
    if (!parsed.success)
      throw new IdentityFault('UPSTREAM_ANSWER_INVALID', 'The hook answers no user of SFTPGo.');
    const found = parsed.data;
    const { username, password: _hash, public_keys: _keys, ...others } = found;
    if (username === undefined || username === null || username === '')
      throw new Denied(refusalCode(question), 'The hook names no user.');
    this.#judge(found, question);
    return {
      subject: username,
      userName: username,
      attributes: attributesOf({ username, ...others }),
      groups: namedGroups((found.groups ?? []).map(({ name }) => name)),
      proofs: proofsOf(question),
      record: this.#recordOf(found, question.login),
    };
  }

  /** @throws Denied */
  #judge(
    { status, expiration_date: expiresMs, permissions, filters: given }: User,
    question: EndpointQuestion,
  ): void {
    if (status !== ENABLED) throw new Denied('ACCOUNT_DISABLED');
    if (typeof expiresMs === 'number' && expiresMs > 0 && !(this.#now() < expiresMs))
      throw new Denied('ACCOUNT_EXPIRED');
    if (given !== null && given !== undefined) judgeFilters(given, question);
    if (this.#limits === 'refuse' && isLimited(permissions, given))
      throw new Denied(
        'RECORD_INVALID',
        'The user has permissions, times or patterns that do not hold here; see sftpgoLimits.',
      );
  }

  #recordOf({ public_keys: keys, uid, gid, filters: given }: User, { protocol }: Login): UserRecord {
    const allowed = given?.allowed_ip ?? [];
    // SFTPGo's zeros mean "not set".
    const hasIds = typeof uid === 'number' && typeof gid === 'number' && uid > 0 && gid > 0;
    const members = {
      ...(allowed.length === 0 ? {} : { AcceptedIpNetworkList: allowed }),
      ...(hasIds ? { PosixProfile: { Uid: uid, Gid: gid } } : {}),
      PublicKeys: keys ?? [],
    };
    return readRecord(members, { protocol, requireProtocolPassword: [], nowMs: this.#now() }).record;
  }
}

/** SFTPGo has one name for both kinds of FTP. */
function protocolOf({ protocol }: Pick<Login, 'protocol'>): 'SSH' | 'FTP' {
  return protocol === 'SFTP' ? 'SSH' : 'FTP';
}

/** @throws Denied */
function judgeFilters(given: Filters, { login, password }: EndpointQuestion): void {
  const protocol = protocolOf(login);
  if (given.denied_protocols?.includes(protocol) === true)
    throw new Denied('PROTOCOL_REFUSED', 'By the hook.');
  if ((given.denied_ip ?? []).some((text) => covers(text, login.sourceIp)))
    throw new Denied('SOURCE_REFUSED', 'By the hook.');
  const denied = given.denied_login_methods ?? [];
  if (password === undefined && denied.includes('publickey'))
    throw new Denied('KEYS_NOT_ACCEPTED', 'By the hook.');
  const isPasswordDenied =
    denied.includes('password') || (protocol === 'SSH' && denied.includes('password-over-SSH'));
  if (password !== undefined && isPasswordDenied) throw new Denied('PASSWORD_NOT_ACCEPTED', 'By the hook.');
  if (given.two_factor_protocols?.includes(protocol) === true)
    throw new Denied('MFA_REQUIRED', 'The hook wants the second factor of SFTPGo.');
  if (given.require_password_change === true) throw new Denied('PASSWORD_EXPIRED', 'By the hook.');
}

/** A network that cannot be read covers everybody: it was meant to keep somebody out. */
function covers(text: string, address: string): boolean {
  return IpRange.parse(text)?.contains(address) ?? true;
}

function isLimited(permissions: User['permissions'], given: User['filters']): boolean {
  // Without any for the root SFTPGo takes no user at all.
  const { [ROOT]: ofRoot, ...others } = permissions ?? {};
  const isFree = [ofRoot, ...Object.values(others)].every((each) => each?.includes(ALL) === true);
  const times = given?.access_time ?? [];
  const patterns = given?.file_patterns ?? [];
  return !isFree || times.length > 0 || patterns.length > 0;
}
