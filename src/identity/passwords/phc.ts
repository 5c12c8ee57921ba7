/** The PHC string format: `$id$v=1$name=value,…$salt$hash`. */

const PHC =
  /^\$([a-z0-9-]{1,32})(?:\$v=(\d{1,10}))?\$([a-z0-9=,-]{1,128})\$([A-Za-z0-9+/]{11,128})\$([A-Za-z0-9+/]{16,256})$/;
const PARAMETER = /^([a-z0-9-]{1,32})=(\d{1,10})$/;

export interface Phc {
  readonly id: string;
  readonly version?: number;
  readonly parameters: ReadonlyMap<string, number>;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Undefined where the text is no PHC string with numbers as parameters. */
export function parsePhc(text: string): Phc | undefined {
  const [, id, version, parameterTexts, salt, hash] = PHC.exec(text) ?? [];
  if (id === undefined || parameterTexts === undefined || salt === undefined || hash === undefined)
    return undefined;
  const parameters = new Map<string, number>();
  for (const parameterText of parameterTexts.split(',')) {
    const [, name, value] = PARAMETER.exec(parameterText) ?? [];
    if (name === undefined || value === undefined) return undefined;
    parameters.set(name, Number(value));
  }
  return {
    id,
    ...(version === undefined ? {} : { version: Number(version) }),
    parameters,
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

/** Base64 as PHC strings have it: without padding. */
export function phcBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
