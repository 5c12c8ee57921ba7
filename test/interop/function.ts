/** The identity-provider function of the interop run: the Lambda contract, one user per behaviour under test. */

/** The event of AWS Transfer; `password` is empty or absent when the server asks for public keys. */
interface LoginEvent {
  readonly username: string;
  readonly password?: string;
}

type LoginAnswer = Readonly<Record<string, unknown>>;

const REFUSED: LoginAnswer = {};

export async function handler(event: LoginEvent): Promise<unknown> {
  switch (event.username) {
    case 'interop':
      return authenticate(event, [{ Entry: '/', Target: `${bucket()}/\${transfer:UserName}` }]);
    case 'interop-mapped':
      return authenticate(event, [
        { Entry: '/inbox', Target: `${bucket()}/mapped/inbox` },
        { Entry: '/reports/2026', Target: `${bucket()}/mapped/reports` },
      ]);
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
  const { INTEROP_PASSWORD, INTEROP_PUBLIC_KEYS, INTEROP_ROLE } = process.env;
  const home: LoginAnswer = {
    Role: INTEROP_ROLE,
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: JSON.stringify(mappings),
  };
  if (event.password === undefined || event.password === '') {
    return { ...home, PublicKeys: (INTEROP_PUBLIC_KEYS ?? '').split('\n') };
  }
  const isRight = INTEROP_PASSWORD !== undefined && event.password === INTEROP_PASSWORD;
  return isRight ? home : REFUSED;
}

function bucket(): string {
  return `/${process.env.INTEROP_BUCKET ?? ''}`;
}
