/** `drawbridge test-identity-provider`: asks the identity provider of a server as a login does. */

import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, Option } from 'commander';
import {
  type IdentityProtocol,
  type IdentityProvider,
  IdentityRequest,
  type LoginAttempt,
  MAX_CHALLENGE_ROUNDS,
  parseFunctionArn,
  parseIdentityStep,
  type TestResult,
  testIdentityProvider,
} from '../identity/index.ts';
import { type Configuration, loadConfiguration, type ServerConfiguration } from '../node/config/load.ts';
import { ConfigurationError } from '../node/config/problem.ts';
import { providerOf } from '../node/functions.ts';
import { InProcessProvider } from './in-process-provider.ts';

const MS = 1000;
/** Longest wait for one answer, above any time limit of a function. */
const TIMEOUT_MS = 15 * 60 * MS;
const MAX_POLLS = 600;
const EXIT_CODES: Readonly<Record<TestResult['verdict'], number>> = {
  granted: 0,
  challenged: 1,
  refused: 1,
  failed: 2,
};
/** Where a built-in provider is asked in this process, its region is that of its ARN; a directory has none. */
const DEFAULT_REGION = 'us-east-1';

interface TestOptions {
  readonly config?: string;
  readonly serverId?: string;
  readonly userName: string;
  readonly userPasswordStdin?: true;
  readonly serverProtocol: IdentityProtocol;
  readonly sourceIp: string;
  readonly answersStdin?: true;
  readonly explain?: true;
}

/** Said to the user without a stack. */
class TestError extends Error {
  override readonly name = 'TestError';
}

export function testIdentityProviderCommand(): Command {
  return new Command('test-identity-provider')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_CODES.failed))
    .description(
      "Ask a server's identity provider about a user, as the API's TestIdentityProvider does. Exits with 0 when the user is let in, " +
        '1 when not, 2 when nobody can tell.',
    )
    .option('--config <file>', 'configuration file, usually drawbridge.yaml; without it the demo in ./data')
    .option('--server-id <id>', 'server, where there is more than one')
    .requiredOption('--user-name <name>', 'user name')
    .option(
      '--user-password-stdin',
      'ask with the first line of standard input as the password; without it, for keys',
    )
    .addOption(
      new Option('--server-protocol <name>', 'protocol').choices(['SFTP', 'FTPS', 'FTP']).default('SFTP'),
    )
    .option('--source-ip <address>', 'address of the client', '127.0.0.1')
    .option('--answers-stdin', 'as a login by prompts: the following lines of standard input are the answers')
    .option('--explain', 'tell each step, its time and its outcome, on standard error')
    .action(async (options: TestOptions) => {
      try {
        process.exitCode = EXIT_CODES[await run(options)];
      } catch (error) {
        process.stderr.write(`drawbridge: ${explainError(error)}\n`);
        process.exitCode = EXIT_CODES.failed;
      }
    });
}

async function run(options: TestOptions): Promise<TestResult['verdict']> {
  const configuration = await loadConfiguration({
    ...(options.config === undefined ? {} : { file: options.config }),
    environment: process.env,
  });
  const server = serverOf(configuration, options.serverId);
  const provider = options.explain ? explainedProvider(server, configuration) : undefined;
  const session = new TestSession({
    configuration,
    server,
    options,
    provider: provider ?? providerOf(server, configuration, () => undefined),
    lines: linesOf(options),
  });
  return session.run();
}

/** One login, with as many questions as it takes. */
class TestSession {
  readonly #server: ServerConfiguration;
  readonly #configuration: Configuration;
  readonly #options: TestOptions;
  readonly #provider: IdentityProvider;
  readonly #lines: AsyncIterator<string>;
  #before: IdentityRequest | undefined;

  constructor(settings: {
    readonly server: ServerConfiguration;
    readonly configuration: Configuration;
    readonly options: TestOptions;
    readonly provider: IdentityProvider;
    readonly lines: AsyncIterator<string>;
  }) {
    this.#server = settings.server;
    this.#configuration = settings.configuration;
    this.#options = settings.options;
    this.#provider = settings.provider;
    this.#lines = settings.lines;
  }

  async run(): Promise<TestResult['verdict']> {
    try {
      const result = await this.#finish(await this.#first());
      if (result === undefined) return 'refused';
      process.stdout.write(`${JSON.stringify(result.test, undefined, 2)}\n`);
      return result.verdict;
    } finally {
      await this.#provider.close();
      // A terminal would keep the process alive.
      await this.#lines.return?.();
    }
  }

  async #first(): Promise<TestResult | undefined> {
    const { userPasswordStdin, answersStdin } = this.#options;
    if (userPasswordStdin === undefined)
      return this.#ask(answersStdin === undefined ? {} : { challengeAnswers: [] });
    return this.#ask({ password: await this.#line('the password') });
  }

  async #finish(first: TestResult | undefined): Promise<TestResult | undefined> {
    let result = first;
    for (let round = 0; round < MAX_POLLS && result?.verdict === 'challenged'; round += 1) {
      const challenge = challengeOf(result, this.#options);
      if (challenge === undefined) return result;
      result = await this.#goOn(challenge, round);
    }
    return result;
  }

  async #goOn(challenge: ReadChallenge, round: number): Promise<TestResult | undefined> {
    const { prompts, instruction, pollSeconds, state } = challenge;
    if (pollSeconds === undefined && round >= MAX_CHALLENGE_ROUNDS)
      throw new TestError('the provider asks more often than a login may be asked');
    if (instruction !== '') process.stderr.write(`${instruction}\n`);
    const challengeAnswers: string[] = [];
    for (const { text } of prompts) {
      process.stderr.write(`${text}\n`);
      challengeAnswers.push(await this.#line(`an answer to ${JSON.stringify(text)}`));
    }
    if (pollSeconds !== undefined) await wait(pollSeconds * MS);
    return this.#ask({ challengeAnswers, ...(state === undefined ? {} : { state }) });
  }

  /** Undefined where the server would not even ask. */
  async #ask(
    given: Pick<LoginAttempt, 'password' | 'challengeAnswers' | 'state'>,
  ): Promise<TestResult | undefined> {
    const { userName, serverProtocol, sourceIp, answersStdin } = this.#options;
    const prepared = IdentityRequest.from(
      {
        username: userName,
        ...given,
        ...(answersStdin === undefined ? {} : { interactive: true }),
        protocol: serverProtocol,
        serverId: this.#server.ServerId,
        sourceIp,
      },
      this.#before,
    );
    if (prepared.outcome === 'refused') {
      process.stderr.write(`The server does not ask: ${prepared.code}, ${prepared.reason}\n`);
      return undefined;
    }
    const { request } = prepared;
    this.#before = request;
    const { IdentityProviderType: type, IdentityProviderDetails } = this.#server;
    const { Url: url } = IdentityProviderDetails;
    const beganAtMs = performance.now();
    const result = await testIdentityProvider(
      { provider: this.#provider, type, ...(url === undefined ? {} : { url }) },
      request,
      AbortSignal.timeout(TIMEOUT_MS),
    );
    if (this.#options.explain) this.#explain(request, result, performance.now() - beganAtMs);
    return result;
  }

  #explain(request: IdentityRequest, { answer, decision, verdict }: TestResult, tookMs: number): void {
    const scrubber = request.scrubber();
    const steps = this.#provider instanceof InProcessProvider ? this.#provider.trace.steps : [];
    const lines = [
      // A step is noted when it ends, after those within it.
      ...steps
        .toSorted((one, other) => one.atMs - other.atMs)
        .map((each) => `${ms(each.atMs)} ${ms(each.durationMs)}  ${each.step}: ${each.outcome}`),
      `${ms(0)} ${ms(tookMs)}  in all: ${decision?.code ?? verdict}`,
      ...(answer === undefined ? [] : [this.#judgement(request, answer)]),
    ];
    for (const line of lines) process.stderr.write(`${scrubber.scrub(line)}\n`);
  }

  /** What the server would make of the answer, which the API's test does not judge. */
  #judgement(request: IdentityRequest, answer: unknown): string {
    const { storage, roles } = this.#configuration;
    const judged = parseIdentityStep(answer, {
      request,
      domain: this.#server.Domain,
      roles: new Set(Object.keys(roles)),
      storageNames: new Set([
        ...Object.keys(storage.buckets),
        ...Object.keys(storage.fileSystems),
        ...Object.keys(storage.accessPoints),
      ]),
      areKeysOptional: (this.#server.TrustedUserCAKeys ?? []).length > 0,
    });
    if (judged.outcome === 'refused') return `the server refuses: ${judged.code}, ${judged.reason}`;
    const warnings = judged.outcome === 'granted' ? judged.warnings : [];
    return [`the server accepts the answer as ${judged.outcome}`, ...warnings].join('; ');
  }

  async #line(what: string): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new TestError(`standard input has no line for ${what}`);
    return value;
  }
}

interface ReadChallenge {
  readonly instruction: string;
  readonly prompts: readonly { readonly text: string }[];
  readonly pollSeconds?: number;
  readonly state?: string;
}

/** Undefined where nobody answers, or the server would not show it. */
function challengeOf(
  { answer }: TestResult,
  { userName, answersStdin }: TestOptions,
): ReadChallenge | undefined {
  if (answersStdin === undefined) return undefined;
  const prepared = IdentityRequest.from({ username: userName, protocol: 'SFTP', serverId: '', sourceIp: '' });
  if (prepared.outcome === 'refused') return undefined;
  const context = { domain: 'S3', roles: new Set<string>(), storageNames: new Set<string>() } as const;
  const judged = parseIdentityStep(answer, { request: prepared.request, ...context });
  if (judged.outcome !== 'challenged') return undefined;
  return { ...judged.challenge, ...(judged.state === undefined ? {} : { state: judged.state }) };
}

/** Undefined for what does not run in a process of ours: its inside cannot be told. */
function explainedProvider(
  { IdentityProviderDetails }: ServerConfiguration,
  { functions, directories, folder }: Configuration,
): InProcessProvider | undefined {
  const { Function: arn = '', DirectoryId: id = '' } = IdentityProviderDetails;
  const directory = directories[id];
  const settings = directory === undefined ? functions[arn] : { provider: 'directory', ...directory };
  if (settings === undefined || !('provider' in settings)) return undefined;
  const { environment, timeoutSeconds, memoryMegabytes: _, ...configuration } = settings;
  // As its own process would have them; this one does nothing else.
  Object.assign(process.env, environment);
  return new InProcessProvider({
    configuration,
    region: parseFunctionArn(arn)?.region ?? DEFAULT_REGION,
    folder,
    timeoutMs: timeoutSeconds * MS,
    warn: (text) => process.stderr.write(`${text}\n`),
  });
}

/** In the words of the API. */
function serverOf({ servers }: Configuration, id: string | undefined): ServerConfiguration {
  const [only, ...others] = servers;
  if (id === undefined && others.length > 0)
    throw new TestError(`name the server: one of ${servers.map(({ ServerId }) => ServerId).join(', ')}`);
  const server = id === undefined ? only : servers.find(({ ServerId }) => ServerId === id);
  if (server === undefined) throw new TestError('ResourceNotFoundException: Unknown server');
  return server;
}

/** Nothing is read where nothing is wanted: standard input may be a terminal. */
function linesOf({ userPasswordStdin, answersStdin }: TestOptions): AsyncIterator<string> {
  if (userPasswordStdin === undefined && answersStdin === undefined) return noLines();
  return createInterface({ input: process.stdin, terminal: false })[Symbol.asyncIterator]();
}

async function* noLines(): AsyncGenerator<string> {}

function ms(durationMs: number): string {
  return `${durationMs.toFixed(1).padStart(8)} ms`;
}

function explainError(error: unknown): string {
  if (error instanceof TestError || error instanceof ConfigurationError) return error.message;
  return `unexpected error, please report it\n${error instanceof Error ? error.stack : String(error)}`;
}
