/** Sizes as people type them: `1G`, `64M`. */

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** @returns bytes. @throws Error when the text is no size. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
  const factor = UNIT_BYTES[unit];
  if (digits === undefined || factor === undefined) throw new Error(`'${text}' is no size; write 64M or 1G`);
  return Number(digits) * factor;
}

export function formatSize(bytes: number): string {
  const [unit, factor] = Object.entries(UNIT_BYTES).findLast(([, size]) => bytes >= size) ?? ['', 1];
  return unit === '' ? `${bytes} B` : `${Number((bytes / factor).toFixed(1))} ${unit}iB`;
}
