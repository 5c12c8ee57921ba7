/** The variables of Transfer Family, which are replaced when a session policy is compiled (aws-transfer.md §4.5). */

import { PolicyError } from './error.ts';

/**
 * Values by the name that stands in the braces, such as `transfer:UserName`; names compare without case. A value is
 * taken literally, as it is: slashes at its ends are trimmed by the caller. Names that have no value for this user
 * (`transfer:HomeBucket` of a LOGICAL home) are left out.
 */
export type TransferVariables = Readonly<Record<string, string>>;

const PREFIX = 'transfer:';
const NAMES: ReadonlyMap<string, string> = new Map(
  ['HomeBucket', 'HomeFolder', 'HomeDirectory', 'UserName'].map((name) => [
    `${PREFIX}${name}`.toLowerCase(),
    `${PREFIX}${name}`,
  ]),
);

/** Gives the value of a `transfer:` variable. */
export class TransferValues {
  readonly #values: ReadonlyMap<string, string> | undefined;

  /** @throws PolicyError UNKNOWN_VARIABLE for a name that Transfer Family does not have */
  constructor(variables: TransferVariables | undefined) {
    this.#values =
      variables && new Map(Object.entries(variables).map(([name, value]) => [known(name), value]));
  }

  static isTransferName(name: string): boolean {
    return name.toLowerCase().startsWith(PREFIX);
  }

  /** @throws PolicyError UNKNOWN_VARIABLE and VARIABLE_UNAVAILABLE */
  valueOf(name: string, place: string): string {
    const lowerCaseName = known(name, place);
    const value = this.#values?.get(lowerCaseName);
    if (value !== undefined) return value;
    throw new PolicyError(
      'VARIABLE_UNAVAILABLE',
      `${place}: \${${name}} has no value here: ${this.#why(lowerCaseName)}`,
    );
  }

  #why(lowerCaseName: string): string {
    if (this.#values === undefined)
      return 'only session policies know it; write the value into the policy of a role';
    if (lowerCaseName === 'transfer:username') return 'the user name is not known';
    return 'the home variables need HomeDirectoryType PATH and storage in S3';
  }
}

function known(name: string, place?: string): string {
  const lowerCaseName = name.toLowerCase();
  if (NAMES.has(lowerCaseName)) return lowerCaseName;
  const list = [...NAMES.values()].join(', ');
  throw new PolicyError('UNKNOWN_VARIABLE', `${place ?? 'variables'}: there is no \${${name}}, only ${list}`);
}
