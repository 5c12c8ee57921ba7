/** A provider in front of a scripted pool, and what its tests say of both. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Secret } from '../../../secret.ts';
import { Trace } from '../../../trace.ts';
import type { Json, Login, Person, PersonProvider, Question, Step } from '../../provider.ts';
import { cognitoOptions } from '../options.ts';
import { createCognitoProvider } from '../provider.ts';
import { CLIENT_ID, POOL_ID, ScriptedCognito } from './scripted-cognito.ts';

export const CANARY = 'canary-Passw0rd-cognito';
export const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

export class CognitoBench implements AsyncDisposable {
  readonly cognito: ScriptedCognito;
  readonly provider: PersonProvider;
  readonly warnings: string[] = [];
  readonly trace = new Trace();

  constructor(cognito: ScriptedCognito, options: object) {
    this.cognito = cognito;
    this.provider = createCognitoProvider(
      cognitoOptions.parse({
        userPoolId: POOL_ID,
        clientId: CLIENT_ID,
        endpoint: cognito.endpoint,
        credentials: CREDENTIALS,
        ...options,
      }),
      {
        region: 'us-east-1',
        folder: '/',
        now: Date.now,
        warn: (text) => this.warnings.push(text),
      },
    );
  }

  static async start(options: object = {}): Promise<CognitoBench> {
    return new CognitoBench(await ScriptedCognito.start(), options);
  }

  login(given: Partial<Login> = {}): Login {
    return {
      userName: 'jdoe',
      protocol: 'SFTP',
      serverId: 's-0123456789abcdef0',
      sourceIp: '192.0.2.7',
      canPrompt: true,
      signal: AbortSignal.timeout(10_000),
      trace: this.trace,
      ...given,
    };
  }

  password(typed = CANARY, given: Partial<Login> = {}): Promise<Step> {
    return this.provider.password(this.login(given), new Secret(typed));
  }

  /** The state goes through JSON, as it does in life. */
  async answers(saved: Json, ...answers: readonly string[]): Promise<Step> {
    const json: Json = JSON.parse(JSON.stringify(saved));
    assert.ok(this.provider.answers !== undefined);
    return await this.provider.answers(
      this.login(),
      json,
      answers.map((answer) => new Secret(answer)),
    );
  }

  /** That the work is refused with the code, and that neither error nor trace tells the password. */
  async assertRefused(work: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(work, (error: Error) => {
      assert.equal('code' in error ? error.code : error, code);
      assert.ok(!inspect(error, { depth: 10 }).includes(CANARY), 'the error tells the password');
      assert.ok(!inspect(this.trace.steps, { depth: 10 }).includes(CANARY), 'the trace tells the password');
      return true;
    });
  }

  /** The input of the n-th call, whose operation it checks. */
  input(index: number, operation: string): Readonly<Record<string, unknown>> {
    const call = this.cognito.calls[index];
    assert.equal(call?.operation, operation);
    return call?.input ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
    await this.cognito[Symbol.asyncDispose]();
  }
}

export function personOf(step: Step): Person {
  assert.equal(step.outcome, 'verified');
  return step.outcome === 'verified' ? step.person : assert.fail();
}

export function questionOf(step: Step): { readonly question: Question; readonly saved: Json } {
  return step.outcome === 'asks' ? step : assert.fail(`the step is ${step.outcome}`);
}
