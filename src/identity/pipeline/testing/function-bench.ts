/** A built-in function over people that a test makes up, and everything it let out (tests only). */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { builtInProvider } from '../../configuration.ts';
import { type Decision, Denied, IdentityFault } from '../../decision.ts';
import { BuiltInFunction, type HandleOptions } from '../../handler.ts';
import type { Json, Login, Person, PersonProvider, Step } from '../../providers/provider.ts';
import type { UserRecord } from '../../records/record.ts';
import type { Secret } from '../../secret.ts';
import { Trace } from '../../trace.ts';
import type { ProfileFinder } from '../route.ts';

/** A password that must never be seen anywhere. */
export const CANARY = 'c4nary-"Pa$$\\wörd';
export const SERVER = 's-0123456789abcdef0';
export const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
/** 2027-01-04, a Monday, 12:00 UTC. */
export const NOON_MS = Date.UTC(2027, 0, 4, 12);
/** Of RFC 6238, `12345678901234567890`. */
export const TOTP_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

export const RECORD: UserRecord = {
  enabled: true,
  isPasswordOfProtocol: false,
  publicKeys: [],
  session: { role: ROLE },
};

export function personOf(userName: string, more: Partial<Person> = {}): Person {
  return { subject: userName, userName, attributes: new Map(), groups: [], proofs: ['password'], ...more };
}

/** Takes the canary as everybody's password; each method can be another. Counts what it is asked. */
export class FakeProvider implements PersonProvider {
  readonly asked: string[] = [];
  readonly password: PersonProvider['password'];
  readonly begin?: NonNullable<PersonProvider['begin']>;
  readonly answers?: NonNullable<PersonProvider['answers']>;
  readonly lookUp: PersonProvider['lookUp'];
  closeCount = 0;

  constructor(methods: Partial<PersonProvider> = {}) {
    const { begin, answers, password = judge, lookUp = async ({ userName }) => personOf(userName) } = methods;
    this.password = (login, secret) => this.#count('password', login, () => password(login, secret));
    this.lookUp = (login) => this.#count('lookUp', login, () => lookUp(login));
    if (begin !== undefined) this.begin = (login) => this.#count('begin', login, () => begin(login));
    if (answers !== undefined)
      this.answers = (login: Login, saved: Json, given: readonly Secret[]) =>
        this.#count('answers', login, () => answers(login, saved, given));
  }

  async close(): Promise<void> {
    this.closeCount += 1;
  }

  #count<Result>(method: string, { userName }: Login, work: () => Promise<Result>): Promise<Result> {
    this.asked.push(`${method} ${userName}`);
    return work();
  }
}

async function judge({ userName }: Login, password: Secret): Promise<Step> {
  if (password.reveal() !== CANARY) throw new Denied('BAD_CREDENTIALS');
  return { outcome: 'verified', person: personOf(userName) };
}

export const verified = (person: Person): Step => ({ outcome: 'verified', person });

interface BenchOptions {
  readonly rules?: object;
  /** By name; one alone is not behind a router. */
  readonly providers?: Readonly<Record<string, PersonProvider>>;
  /** Rules by name of the provider. */
  readonly routed?: Readonly<Record<string, object>>;
  readonly router?: object;
  readonly record?: UserRecord;
  readonly profiles?: ProfileFinder['find'];
}

export type Outcome =
  | { readonly code: string; readonly message: string; readonly answer: object }
  | {
      readonly code: string;
      readonly message: string;
      readonly answer: undefined;
      readonly fault: IdentityFault;
    };

export class FunctionBench {
  nowMs = NOON_MS;
  readonly warnings: string[] = [];
  readonly traces: Trace[] = [];
  readonly function: BuiltInFunction;
  /** Everything that came out, answers aside. */
  readonly #told: unknown[] = [];

  constructor(options: BenchOptions = {}) {
    const { rules = {}, record = RECORD, routed = {} } = options;
    const providers: Readonly<Record<string, PersonProvider>> = options.providers ?? {
      file: new FakeProvider(),
    };
    const [only] = Object.keys(providers);
    const quick = { refusalFloorMs: 0, ...rules };
    // The path in the options is the name of a made-up provider.
    const configuration =
      options.router === undefined && only !== undefined
        ? parsed({ provider: 'file', options: { path: only }, rules: quick })
        : parsed({
            provider: 'router',
            options: {
              providers: Object.fromEntries(
                Object.keys(providers).map((name) => [
                  name,
                  { provider: 'file', options: { path: name }, rules: routed[name] ?? {} },
                ]),
              ),
              ...options.router,
            },
            rules: quick,
          });
    this.function = new BuiltInFunction(
      configuration,
      {
        region: 'us-east-1',
        folder: '/',
        now: () => this.nowMs,
        warn: (text) => this.warnings.push(text),
      },
      {
        provider: async (choice) => {
          const provider = choice.provider === 'file' ? providers[choice.options.path] : undefined;
          assert.ok(provider);
          return provider;
        },
        profiles: async () => ({
          find: options.profiles ?? (async (person) => ({ ...record, ...person.record })),
          close: async () => {},
        }),
      },
    );
  }

  /** What comes of an event of the Lambda contract. */
  async ask(event: object, options: Partial<HandleOptions> = {}): Promise<Outcome> {
    return this.askRaw(
      { username: 'jdoe', protocol: 'SFTP', serverId: SERVER, sourceIp: '203.0.113.9', ...event },
      options,
    );
  }

  async askRaw(event: unknown, options: Partial<HandleOptions> = {}): Promise<Outcome> {
    const trace = new Trace();
    this.traces.push(trace);
    const decisions: Decision[] = [];
    const onDecision = (decision: Decision) => decisions.push(decision);
    const done = await this.function
      .handle(event, { remainingMs: 10_000, onDecision, trace, ...options })
      .then(
        (answer) => ({ answer }),
        (fault: unknown) => {
          assert.ok(fault instanceof IdentityFault, inspect(fault));
          return { answer: undefined, fault };
        },
      );
    const [decision, ...more] = decisions;
    assert.ok(decision !== undefined && more.length === 0, 'the decision is told once');
    this.#told.push(decision, done, trace.steps, this.warnings);
    return { ...done, code: decision.code, message: decision.message };
  }

  /** The code only. */
  async codeOf(event: object): Promise<string> {
    return (await this.ask(event)).code;
  }

  /** Texts of answers, decisions, faults, traces and warnings must not hold it in any form. */
  assertKept(secret: string): void {
    const all = inspect(this.#told, {
      depth: 10,
      showHidden: true,
      maxStringLength: null,
      maxArrayLength: null,
    });
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')])
      assert.ok(!all.includes(form) && !JSON.stringify(this.#told).includes(form), 'a secret was let out');
  }
}

function parsed(configuration: object) {
  return builtInProvider.parse(configuration);
}

/** The challenge in an answer. */
export function challengeIn({ answer }: Outcome): {
  readonly state: string;
  readonly challenge: {
    Name?: string;
    Instruction?: string;
    PollSeconds?: number;
    Prompts: { Text: string; Echo: boolean }[];
  };
} {
  assert.ok(answer !== undefined && 'Challenge' in answer && 'State' in answer, inspect(answer));
  assert.ok(typeof answer.State === 'string');
  const challenge = JSON.parse(JSON.stringify(answer.Challenge));
  return { state: answer.State, challenge };
}
