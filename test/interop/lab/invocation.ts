/** What the programs run by hand share: options that explain themselves, and an orderly end on Ctrl-C. */

/** What `read` makes of the command line; where it throws, the reason and `usage` are printed and the program ends. */
export function optionsOrExit<T>(read: (args: readonly string[]) => T, usage: string): T {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
}

/** Aborts on the first SIGINT or SIGTERM, so that whatever was started can be stopped. */
export function abortOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
