/** The identity-provider function of the interop run: the Lambda contract, one user per behaviour under test. */

import { HOME_LOCK_DOWN } from '../../src/policy/testing/home-lock-down.ts';

/** The event of AWS Transfer; `password` is empty or absent when the server asks for public keys. */
interface LoginEvent {
  readonly username: string;
  readonly password?: string;
}

type LoginAnswer = Readonly<Record<string, unknown>>;

const REFUSED: LoginAnswer = {};
const LOCK_DOWN = JSON.stringify(HOME_LOCK_DOWN);

export async function handler(event: LoginEvent): Promise<unknown> {
  switch (event.username) {
    case 'interop':
      return authenticate(event, [{ Entry: '/', Target: `${bucket()}/\${transfer:UserName}` }]);
    case 'interop-mapped':
      return authenticate(event, [
        { Entry: '/inbox', Target: `${bucket()}/mapped/inbox` },
        { Entry: '/reports/2026', Target: `${bucket()}/mapped/reports` },
      ]);
    case 'interop-locked':
      return authenticateAt(event, `${bucket()}/${event.username}`, { Policy: LOCK_DOWN });
    case 'interop-alice':
      return authenticateAt(event, fileSystem(), { PosixProfile: { Uid: 2001, Gid: 2001 } });
    case 'interop-bob':
      return authenticateAt(event, fileSystem(), { PosixProfile: { Uid: 2002, Gid: 2002 } });
    case 'interop-owner':
      return authenticateAt(event, fileSystem(), { PosixProfile: ownProfile() });
    case 'interop-dotdot':
      return authenticate(event, [{ Entry: '/', Target: `${bucket()}/interop/../../outside` }]);
    case 'interop-bad-role':
      return {
        ...authenticate(event, [{ Entry: '/', Target: bucket() }]),
        Role: 'arn:aws:iam::000000000000:role/unlisted',
      };
    case 'interop-garbage':
      return 'Role';
    case 'interop-throws':
      throw new Error('the directory is down');
    case 'interop-hangs':
      return new Promise(() => {
        // Keeps the worker's event loop alive, so that only the deadline ends the wait.
        setInterval(() => {}, 1000);
      });
    case 'interop-exits':
      return process.exit(1);
    default:
      return REFUSED;
  }
}

function authenticate(event: LoginEvent, mappings: readonly Readonly<Record<string, string>>[]): LoginAnswer {
  return authenticateWith(event, {
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: JSON.stringify(mappings),
  });
}

/** A home of type PATH: the user sees the real paths, of what is above the home too. */
function authenticateAt(event: LoginEvent, directory: string, more: LoginAnswer): LoginAnswer {
  return authenticateWith(event, { HomeDirectoryType: 'PATH', HomeDirectory: directory, ...more });
}

function authenticateWith(event: LoginEvent, answer: LoginAnswer): LoginAnswer {
  const { INTEROP_PASSWORD, INTEROP_PUBLIC_KEYS, INTEROP_ROLE } = process.env;
  const home: LoginAnswer = { Role: INTEROP_ROLE, ...answer };
  if (event.password === undefined || event.password === '') {
    return { ...home, PublicKeys: (INTEROP_PUBLIC_KEYS ?? '').split('\n') };
  }
  const isRight = INTEROP_PASSWORD !== undefined && event.password === INTEROP_PASSWORD;
  return isRight ? home : REFUSED;
}

/** The ids that files of the server's process have: nobody has to be root to act as this user. */
function ownProfile(): Readonly<Record<string, number | undefined>> {
  return { Uid: process.geteuid?.(), Gid: process.getegid?.() };
}

function bucket(): string {
  return `/${process.env.INTEROP_BUCKET ?? ''}`;
}

function fileSystem(): string {
  return `/${process.env.INTEROP_FILE_SYSTEM ?? ''}`;
}
