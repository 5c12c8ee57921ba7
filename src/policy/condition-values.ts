/** Readings of the values that conditions compare: numbers, dates, truth values and bytes. */

/** Decimal notation with an optional exponent. `Number` alone takes '' and '0x10' as well. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** The W3C profile of ISO 8601 without the bare year, which could as well be epoch seconds. */
const ISO_DATE = /^\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?$/;
/** Four digits are left out: nobody means the first three hours of 1970, and a year would be read wrongly. */
const EPOCH_SECONDS = /^(\d{1,3}|\d{5,15})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MILLISECONDS = 1000;

export function readNumber(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since the epoch, from an ISO 8601 date or from whole epoch seconds. */
export function readDate(text: string): number | undefined {
  if (EPOCH_SECONDS.test(text)) return Number(text) * MILLISECONDS;
  if (!ISO_DATE.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

export function readTruth(text: string): 'true' | 'false' | undefined {
  const lowerCaseText = text.toLowerCase();
  return lowerCaseText === 'true' || lowerCaseText === 'false' ? lowerCaseText : undefined;
}

/** The bytes in the one canonical writing, since unused bits may be written in several ways. */
export function readBase64(text: string): string | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64').toString('base64') : undefined;
}
