/** The units of the tables. */

export const BYTES_PER_MB = 1e6;
export const BYTES_PER_GB = 1e9;
export const BYTES_PER_KIB = 2 ** 10;
export const BYTES_PER_MIB = 2 ** 20;
export const MS_PER_SECOND = 1e3;
export const US_PER_SECOND = 1e6;
