/** What a built-in provider finds where it runs, the same for a server's process, a Lambda function and `identity serve`. */

export interface Surroundings {
  /** Region of the function's ARN, or of the Lambda function: the default of every AWS client. */
  readonly region: string;
  /** Paths in options are relative to it. */
  readonly folder: string;
  /** Milliseconds since 1970; tests set their own clock. */
  readonly now: () => number;
  /** For what concerns nobody's login, such as a record in an old layout. Never holds a secret. */
  readonly warn: (text: string) => void;
}
