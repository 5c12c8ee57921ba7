/** Why a policy cannot be compiled. */

export type PolicyErrorCode =
  /** The text is not JSON, or the document is not an object. */
  | 'NOT_JSON'
  /** A name is given twice in one JSON object, so that one of the two would be lost. */
  | 'DUPLICATE_KEY'
  /** An element that the language, or a policy of an identity, does not have. */
  | 'UNKNOWN_ELEMENT'
  | 'MISSING_ELEMENT'
  /** Two elements that exclude each other, such as Action and NotAction. */
  | 'CONFLICTING_ELEMENTS'
  /** A value of the wrong type, or an empty list. */
  | 'WRONG_TYPE'
  | 'UNKNOWN_VERSION'
  | 'INVALID_EFFECT'
  | 'INVALID_SID'
  | 'DUPLICATE_SID'
  | 'INVALID_ACTION'
  | 'INVALID_RESOURCE'
  | 'UNKNOWN_OPERATOR'
  | 'INVALID_CONDITION_KEY'
  | 'INVALID_CONDITION_VALUE'
  /** `${…}` that is not closed, nested, or stands where no variable may. */
  | 'INVALID_VARIABLE'
  /** `${transfer:…}` of a name that Transfer Family does not have. */
  | 'UNKNOWN_VARIABLE'
  /** `${transfer:…}` that has no value here: a role's policy, or a home variable of a LOGICAL home. */
  | 'VARIABLE_UNAVAILABLE'
  /** A value that cannot be written literally in this version of the language. */
  | 'VALUE_NOT_EXPRESSIBLE'
  /** More statements, values or characters than any policy of AWS may have. */
  | 'TOO_LARGE';

/** The policy proves nothing and must not be used. The message names the place and the way out. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
