/** The one name of a bucket's folder that is ours: where uploads lie until they are published. */

import { pathSegments, type VirtualPath, virtualPath } from '../../virtual-path.ts';

const STAGING_NAME = '.drawbridge-uploads';
const FOLDED_NAME = fold(STAGING_NAME);

/** From the root of the bucket. */
export const STAGING_FOLDER: VirtualPath = virtualPath(`/${STAGING_NAME}`);

/** Also in a folder further down: a bucket may lie inside another one. */
export function isBelowStaging(path: VirtualPath): boolean {
  return pathSegments(path).some(isStagingName);
}

/**
 * Whether a file system may take `name` for the staging folder's. Some fold case, and some skip characters that show
 * nothing (CVE-2014-9390, Git), so spelling decides nothing.
 */
export function isStagingName(name: string): boolean {
  if (name === STAGING_NAME) return true;
  return name.length >= STAGING_NAME.length && name.includes('-') && fold(name) === FOLDED_NAME;
}

function fold(name: string): string {
  return name.replace(/\p{Default_Ignorable_Code_Point}/gu, '').toUpperCase();
}
