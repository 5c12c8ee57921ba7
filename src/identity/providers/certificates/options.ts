/** Options of the `certificates` provider. */

import { z } from 'zod';

/** Each is a line of `PublicKeys`, beside the user's own keys, of which the server takes 50 in all. */
const MAX_AUTHORITIES = 16;
const MAX_PRINCIPALS = 16;

const AUTHORITY =
  /^(?<type>ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)[ \t]+(?<base64>AAAA[A-Za-z0-9+/]+={0,2})(?:[ \t]+[^"\p{Cc}]*)?$/u;

/** What would end the quoted list, or an entry of it, is no part of a principal. */
const PRINCIPAL = /^[^",\\\s\p{Cc}]+$/u;

export const certificatesOptions = z.strictObject({
  authorities: z
    .array(
      z.string().trim().max(4096).refine(isAuthority, {
        error: 'is not a key of an authority: it looks like "ssh-ed25519 AAAA… our CA", without options',
      }),
    )
    .min(1)
    .max(MAX_AUTHORITIES)
    .describe('Public keys of authorities, each as `type base64 comment`: certificates they signed log in.'),
  principals: z
    .array(z.string().max(256).regex(PRINCIPAL, { error: 'is not a principal: no quotes, commas or blanks' }))
    .min(1)
    .max(MAX_PRINCIPALS)
    .default(['{userName}'])
    .describe(
      'A certificate must bear one of these names. `{userName}` stands for the name of the login; a name without it lets ' +
        'its holders log in under every name that profiles know.',
    ),
});

export type CertificatesOptions = z.output<typeof certificatesOptions>;

/** The blob says its type itself, length first (RFC 4253 section 6.6). */
function isAuthority(line: string): boolean {
  const { type, base64 } = AUTHORITY.exec(line)?.groups ?? {};
  if (type === undefined || base64 === undefined) return false;
  const blob = Buffer.from(base64, 'base64');
  return blob.length > 4 && blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)) === type;
}
