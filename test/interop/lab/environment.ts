/** The environment every foreign program gets: a home of its own, no agent, UTF-8 names. */

export function cleanEnvironment(homePath: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: homePath,
    // Clients decide by the locale whether they may print "ü" or must escape it.
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
  };
}
