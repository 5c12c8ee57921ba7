/** Security identifiers of Active Directory, from their binary form ([MS-DTYP] 2.4.2.2) to `S-1-5-…`. */

const HEADER_BYTES = 8;
const AUTHORITY_BYTES = 6;

/** Undefined where the bytes are no SID. */
export function sidText(bytes: Buffer): string | undefined {
  const [revision, subAuthorityCount] = bytes;
  if (revision !== 1 || subAuthorityCount === undefined) return undefined;
  if (bytes.length !== HEADER_BYTES + 4 * subAuthorityCount) return undefined;
  const authority = bytes.readUIntBE(2, AUTHORITY_BYTES);
  const subAuthorities = Array.from({ length: subAuthorityCount }, (_, index) =>
    bytes.readUInt32LE(HEADER_BYTES + 4 * index),
  );
  return ['S', revision, authority, ...subAuthorities].join('-');
}

/** The SID of a group of the same domain as the user, such as the primary group, of which only the last part is known. */
export function sidInDomainOf(userSid: string, relativeId: string): string | undefined {
  if (!/^\d{1,10}$/.test(relativeId)) return undefined;
  return `${userSid.slice(0, userSid.lastIndexOf('-'))}-${relativeId}`;
}

/** The text of an objectGUID, whose first three parts are little endian. */
export function guidText(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const parts = [
    bytes.readUInt32LE(0).toString(16).padStart(8, '0'),
    bytes.readUInt16LE(4).toString(16).padStart(4, '0'),
    bytes.readUInt16LE(6).toString(16).padStart(4, '0'),
    bytes.toString('hex', 8, 10),
    bytes.toString('hex', 10),
  ];
  return parts.join('-');
}
