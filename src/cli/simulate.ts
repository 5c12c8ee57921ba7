/** `drawbridge simulate`: an identity provider of a vendor, imitated from its documentation, for developing against. */

import { extname } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';

const VENDORS = ['okta', 'entra', 'onelogin'] as const;
const MAX_PORT = 65_535;

/** What `test/simulators/main.ts` exports. */
interface Simulation {
  /** For the person who runs it: addresses, users, settings. */
  readonly text: string;
  close(): Promise<void>;
}
type StartSimulator = (vendor: string, port: number) => Promise<Simulation>;

export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'Run an imitation of an identity provider on this machine. For development; it keeps no secrets.',
    )
    .addArgument(new Argument('<vendor>', 'whose identity provider').choices(VENDORS))
    .option('--port <number>', 'port on 127.0.0.1; 0 takes any free one', portNumber, 0)
    .action(async (vendor: string, { port }: { readonly port: number }) => {
      const startSimulator = await loadSimulators();
      const simulation = await startSimulator(vendor, port);
      process.stdout.write(`${simulation.text}\nCtrl-C ends it.\n`);
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => void simulation.close());
    });
}

/** Beside the sources they are a part of the tests; the package has them in a folder of its own. */
async function loadSimulators(): Promise<StartSimulator> {
  const isSource = extname(import.meta.url) === '.ts';
  const url = new URL(isSource ? '../../test/simulators/main.ts' : '../simulators/main.js', import.meta.url);
  const module: object = await import(url.href);
  const start: unknown = Reflect.get(module, 'startSimulator');
  if (!isStart(start)) throw new TypeError(`${url.href} exports no startSimulator`);
  return start;
}

function isStart(value: unknown): value is StartSimulator {
  return typeof value === 'function';
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}
