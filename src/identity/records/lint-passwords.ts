/** Looks for passwords that are plain, weakly hashed, or the same for FTP, which sends them in clear text. */

import { isWeakArgon2 } from '../passwords/argon2.ts';
import { parseStoredPassword, type StoredPassword } from '../passwords/stored-password.ts';
import { Secret } from '../secret.ts';
import type { RecordProblem } from './lint.ts';
import { PROTOCOLS } from './reader.ts';
import type { RecordMembers } from './record.ts';

/** A digest in hex or base64 that does not say how it was made. */
const BARE_DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i;

export function lintPasswords(members: RecordMembers): readonly RecordProblem[] {
  const stored = ['Password', ...PROTOCOLS.map((protocol) => `${protocol}Password`)].flatMap((member) => {
    const text = Object.hasOwn(members, member) ? members[member] : undefined;
    return typeof text === 'string' && text.trim() !== '' ? [lintPassword(member, text)] : [];
  });
  return [...stored.flat(), ...lintFtp(members)];
}

function lintPassword(member: string, text: string): readonly RecordProblem[] {
  const parsed = parseStoredPassword(new Secret(text));
  if (parsed === undefined)
    return [
      {
        member,
        text: 'It is a hash of a kind, or with a cost, that is not taken. A plain password that looks like one is written {CLEARTEXT}….',
        severity: 'error',
      },
    ];
  const weakness = BARE_DIGEST.test(text)
    ? 'It looks like a digest without salt, and is taken for the password itself.'
    : weaknessOf(parsed);
  return weakness === undefined ? [] : [{ member, text: weakness, severity: 'warning' }];
}

function weaknessOf(stored: StoredPassword): string | undefined {
  switch (stored.scheme) {
    case 'plain':
      return 'It is stored plain; "drawbridge identity hash-password" makes a hash of it.';
    case 'salted-sha':
      return 'It is a fast digest, which is guessed quickly; use Argon2id.';
    case 'argon2':
      return isWeakArgon2(stored) ? 'It is weaker than the hashes that are made today.' : undefined;
    case 'bcrypt':
    case 'scrypt':
    case 'pbkdf2':
      return undefined;
  }
}

function lintFtp(members: RecordMembers): readonly RecordProblem[] {
  const protocols: unknown = members.Protocols;
  const isForFtp =
    protocols === undefined ||
    protocols === '' ||
    (typeof protocols === 'string' && /(?:^|[\s,])FTP(?:$|[\s,])/.test(protocols)) ||
    (Array.isArray(protocols) && protocols.includes('FTP'));
  if (!isForFtp) return [];
  const { FTPPassword: ftp, Password: plain, SFTPPassword: sftp, FTPSPassword: ftps } = members;
  const others = [plain, sftp, ftps].filter((each) => typeof each === 'string' && each !== '');
  const isShared = ftp === undefined ? plain !== undefined && plain !== '' : others.includes(ftp);
  if (!isShared) return [];
  const text =
    'FTP, which sends it in clear text, takes the same password as the others; give FTPPassword, or Protocols without FTP.';
  return [{ member: 'Password', text, severity: 'warning' }];
}
