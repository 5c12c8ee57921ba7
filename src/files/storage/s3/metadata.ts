/** Values of user metadata on the wire: headers hold ASCII only, so S3 writes others as encoded words (RFC 2047, section 2). */

const PLAIN = /^[\x20-\x7e]*$/;
const ENCODED_WORD = /=\?utf-8\?([bq])\?([^?]*)\?=/gi;
/** White space between two encoded words is none of the text. */
const BETWEEN_WORDS = /(\?=)\s+(=\?)/g;

/** Names stay; they are tokens in every case. */
export function encodedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return mapValues(metadata, encodedValue);
}

export function decodedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return mapValues(metadata, decodedValue);
}

function mapValues(
  metadata: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, map(value)]));
}

/** A header loses white space at its ends, and text that looks encoded would be decoded. */
function encodedValue(value: string): string {
  if (PLAIN.test(value) && value.trim() === value && !value.includes('=?')) return value;
  return `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}

function decodedValue(value: string): string {
  return value
    .replaceAll(BETWEEN_WORDS, '$1$2')
    .replaceAll(ENCODED_WORD, (_word, kind: string, text: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : decodedQ(text),
    );
}

function decodedQ(text: string): string {
  const bytes = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
