/** Finds the members of a record for one protocol, and collects what is odd about them. */

import { Denied } from '../decision.ts';
import type { IdentityProtocol } from '../request.ts';
import type { RecordMembers, RecordRemark } from './record.ts';

/** Longest name of a member that goes into a message. */
const MAX_SHOWN_NAME_CHARACTERS = 64;

/** A member is not usable. The text says what is wrong with it and never quotes a value. */
export class RecordInvalid extends Denied {
  readonly member: string;
  readonly problem: string;

  constructor(member: string, problem: string) {
    super('RECORD_INVALID', `${shownName(member)}: ${problem}.`);
    this.member = shownName(member);
    this.problem = problem;
  }
}

/** A member under the name it was found by: `FTPRole`, or `Role`. */
export interface FoundMember {
  readonly name: string;
  readonly value: unknown;
  /** Whether the name begins with the protocol. */
  readonly isOfProtocol: boolean;
}

export class MemberLookUp {
  readonly protocol: IdentityProtocol;
  readonly nowMs: number;
  readonly #members: RecordMembers;
  readonly #remarks: RecordRemark[] = [];

  constructor(members: RecordMembers, protocol: IdentityProtocol, nowMs: number) {
    this.#members = members;
    this.protocol = protocol;
    this.nowMs = nowMs;
  }

  get remarks(): readonly RecordRemark[] {
    return this.#remarks;
  }

  get names(): readonly string[] {
    return Object.keys(this.#members);
  }

  /** The member of the protocol, else the plain one. Undefined where the one that counts is empty. */
  find(name: string): FoundMember | undefined {
    return this.findAll([name])[0];
  }

  /** The same for a member with several spellings, of which a record may use one. @throws Denied RECORD_INVALID */
  findOne(spellings: readonly string[]): FoundMember | undefined {
    const [found, second] = this.findAll(spellings);
    if (found !== undefined && second !== undefined)
      throw new RecordInvalid(second.name, `${found.name} says the same; keep one of them`);
    return found;
  }

  /**
   * All spellings that are there: those of the protocol, else the plain ones. An empty `FTPPassword` hides `Password`, as
   * in the AWS samples: it is how FTP is closed for somebody who may use SFTP.
   */
  findAll(spellings: readonly string[]): readonly FoundMember[] {
    const ofProtocol = this.#present(
      spellings.map((name) => `${this.protocol}${name}`),
      true,
    );
    const present = ofProtocol.length > 0 ? ofProtocol : this.#present(spellings, false);
    return present.filter(({ value }) => !isEmpty(value));
  }

  remark(member: string, text: string): void {
    this.#remarks.push({ member: shownName(member), text });
  }

  #present(names: readonly string[], isOfProtocol: boolean): readonly FoundMember[] {
    return names
      .filter((name) => Object.hasOwn(this.#members, name) && this.#members[name] !== undefined)
      .map((name) => ({ name, value: this.#members[name], isOfProtocol }));
  }
}

/** The text of a member. @throws Denied RECORD_INVALID */
export function textOf({ name, value }: FoundMember): string {
  if (typeof value !== 'string')
    throw new RecordInvalid(name, `it is ${kindOf(value)}; it has to be a string`);
  return value;
}

/**
 * The items of a list: an array, a set of DynamoDB, or a string with commas, blanks or lines between them.
 * @throws Denied RECORD_INVALID
 */
export function textsOf({ name, value }: FoundMember): readonly string[] {
  const items: unknown = value instanceof Set ? [...value] : value;
  if (typeof items === 'string') return items.split(/[\s,]+/).filter((item) => item !== '');
  if (!Array.isArray(items))
    throw new RecordInvalid(name, `it is ${kindOf(value)}; it has to be a list or a string`);
  return items.map((item: unknown) => textOf({ name, value: item, isOfProtocol: false }).trim());
}

/** A value that is JSON in a string, or the thing itself. @throws Denied RECORD_INVALID */
export function decodedOf({ name, value }: FoundMember): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    // The parser's message quotes the text.
    throw new RecordInvalid(name, 'the string does not hold JSON');
  }
}

export function isMembers(value: unknown): value is RecordMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Set);
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Names come from stores: on one line, without control characters. */
function shownName(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_SHOWN_NAME_CHARACTERS);
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'string' && value.trim() === '');
}
