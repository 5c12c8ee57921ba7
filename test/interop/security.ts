/** What must not work: logins without proof, and paths out of the home. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type CommandResult, runCommand } from './lab/command.ts';
import { BUCKET } from './lab/drawbridge.ts';
import type { KeyPair, KeyType } from './lab/keys.ts';
import { writeSshConfig } from './lab/ssh-config.ts';
import { type Check, judge } from './outcome.ts';
import type { Target } from './target.ts';

/** The name of this section, where a client's name would be. */
export const SECURITY = 'security';

const CHECK_TIMEOUT_MS = 30_000;
/** A log line may be written after the client has its answer. */
const LOG_TIMEOUT_MS = 3_000;
const LOG_POLL_MS = 50;

export interface SecurityOptions {
  readonly target: Target;
  readonly knownHostsFile: string;
  readonly keys: Readonly<Record<KeyType, KeyPair>>;
  /** The folder above the bucket's. */
  readonly workspace: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export async function runSecurityChecks(options: SecurityOptions): Promise<readonly Check[]> {
  const lab = await SecurityLab.prepare(options);
  const checks: Check[] = [];
  for (const [row, run] of Object.entries(securityChecks(lab))) {
    const outcome = await judge(run, lab.secrets);
    checks.push({ column: SECURITY, row, variant: 'sftp', outcome });
  }
  return checks;
}

/** In order: the last ones look at what the others left behind. */
function securityChecks(lab: SecurityLab): Readonly<Record<string, () => Promise<void>>> {
  const { target } = lab;
  return {
    'wrong password is refused': () =>
      lab.assertRefused(target.userName, lab.wrongPassword, 'NOT_AUTHENTICATED'),
    'empty password is refused': () => lab.assertRefused(target.userName, '', 'PASSWORD_EMPTY'),
    'unknown user is refused': () =>
      lab.assertRefused('interop-nobody', lab.wrongPassword, 'NOT_AUTHENTICATED'),
    'wrong key is refused': () => lab.assertKeyRefused(),
    'function that throws: refused': () =>
      lab.assertRefused('interop-throws', target.password, 'FUNCTION_THREW'),
    'function that returns no object: refused': () =>
      lab.assertRefused('interop-garbage', target.password, 'CONTRACT_VIOLATION'),
    'function that never answers: refused': () =>
      lab.assertRefused('interop-hangs', target.password, 'FUNCTION_TIMED_OUT'),
    'function that ends its process: refused': () =>
      lab.assertRefused('interop-exits', target.password, 'FUNCTION_CRASHED'),
    'role that is not listed: refused': () =>
      lab.assertRefused('interop-bad-role', target.password, 'ROLE_UNKNOWN'),
    'mapping with .. gives nothing': () => lab.assertOutOfReach('interop-dotdot', '/secret.txt'),
    'get ../../etc/passwd fails': () => lab.assertOutOfReach(target.userName, '../../etc/passwd'),
    'get of a file beside the bucket fails': () =>
      lab.assertOutOfReach(target.userName, '../../outside/secret.txt'),
    'get through a planted link fails': () => lab.assertOutOfReach(target.userName, '/planted-file'),
    'get below a planted folder link fails': () =>
      lab.assertOutOfReach(target.userName, '/planted-folder/secret.txt'),
    'put below a planted folder link fails': () => lab.assertNothingPlanted(),
    'LOGICAL home shows exactly its entries': () => lab.assertMappedHome(),
    'the server still serves': () => lab.assertServes(),
    'no password in the log': () => lab.assertLogWithoutSecrets(),
    'SIGTERM ends the server with 0': async () => assert.equal(await target.stop(), 0),
  };
}

class SecurityLab {
  readonly target: Target;
  readonly wrongPassword = randomBytes(18).toString('base64url');
  readonly #options: SecurityOptions;
  readonly #scratch: string;
  readonly #secret: string;
  readonly #passwordConfigFile: string;

  private constructor(options: SecurityOptions, scratch: string, secret: string) {
    this.target = options.target;
    this.#options = options;
    this.#scratch = scratch;
    this.#secret = secret;
    this.#passwordConfigFile = path.join(scratch, 'ssh_config.password');
  }

  /** Lays out what an attacker wants and the ways they would take. */
  static async prepare(options: SecurityOptions): Promise<SecurityLab> {
    const { workspace, target, knownHostsFile } = options;
    const scratch = path.join(workspace, 'security');
    const outside = path.join(workspace, 'outside');
    const mapped = path.join(workspace, BUCKET, 'mapped');
    const secret = randomBytes(18).toString('base64url');
    await mkdir(scratch);
    await mkdir(outside);
    await writeFile(path.join(outside, 'secret.txt'), secret);
    await symlink(path.join(outside, 'secret.txt'), path.join(target.diskRoot, 'planted-file'));
    await symlink('../../outside', path.join(target.diskRoot, 'planted-folder'));
    await mkdir(path.join(mapped, 'inbox'), { recursive: true });
    await mkdir(path.join(mapped, 'reports'));
    await mkdir(path.join(mapped, 'not-mapped'));
    await writeFile(path.join(mapped, 'reports', 'q1.csv'), 'q1');
    const lab = new SecurityLab(options, scratch, secret);
    await writeSshConfig(lab.#passwordConfigFile, { knownHostsFile, credential: { kind: 'password' } });
    return lab;
  }

  get secrets(): readonly string[] {
    return [this.target.password, this.wrongPassword, this.#secret];
  }

  /** Refused, with the same answer as every refusal, and the log says who and, by `code`, why. */
  async assertRefused(userName: string, password: string, code: string): Promise<void> {
    const logStart = (await this.target.readLog()).length;
    const result = await this.#sftp(userName, password, ['pwd']);
    assert.notEqual(result.exitCode, 0, 'the login succeeded');
    assert.match(result.errorOutput, /Permission denied/);
    await this.#waitForRefusal({ userName, code, logStart });
  }

  async assertKeyRefused(): Promise<void> {
    const { keys, knownHostsFile, environment, signal } = this.#options;
    const identityFile = path.join(this.#scratch, 'strange_key');
    await runCommand({
      program: 'ssh-keygen',
      args: ['-q', '-t', keys.ed25519.type, '-N', '', '-f', identityFile],
      environment,
      signal,
    });
    const configFile = path.join(this.#scratch, 'ssh_config.strange');
    await writeSshConfig(configFile, {
      knownHostsFile,
      credential: { kind: 'key', key: { file: identityFile } },
    });
    const logStart = (await this.target.readLog()).length;
    const result = await runCommand({
      program: 'sftp',
      args: ['-F', configFile, '-b', '-', ...this.#address(this.target.userName)],
      environment,
      signal: this.#deadline(),
      input: 'pwd\n',
    });
    assert.notEqual(result.exitCode, 0, 'the login succeeded');
    assert.match(result.errorOutput, /Permission denied/);
    await this.#waitForRefusal({ userName: this.target.userName, code: 'KEY_NOT_LISTED', logStart });
  }

  /** The client gets an error, no file, and no word about where things are on the server. */
  async assertOutOfReach(userName: string, remote: string): Promise<void> {
    const local = path.join(this.#scratch, 'stolen');
    const result = await this.#sftp(userName, this.target.password, [`get "${remote}" "${local}"`]);
    const said = result.output + result.errorOutput;
    assert.notEqual(result.exitCode, 0, `get ${remote} succeeded`);
    assert.match(said, /not found|No such file|Permission denied/i);
    assert.ok(
      !said.includes(this.#options.workspace.concat('/outside')),
      `the answer tells a real path: ${said}`,
    );
    const stolen = await readFile(local, 'utf8').catch(() => '');
    assert.equal(stolen, '', 'something was fetched');
  }

  async assertNothingPlanted(): Promise<void> {
    const local = path.join(this.#scratch, 'gift');
    await writeFile(local, 'gift');
    const result = await this.#sftp(this.target.userName, this.target.password, [
      `put "${local}" "/planted-folder/gift"`,
    ]);
    assert.notEqual(result.exitCode, 0, 'the put succeeded');
    const outside = path.join(this.#options.workspace, 'outside');
    assert.deepEqual(await readdir(outside), ['secret.txt']);
  }

  async assertMappedHome(): Promise<void> {
    assert.deepEqual(await this.#list('/'), ['inbox', 'reports']);
    assert.deepEqual(await this.#list('/reports'), ['2026']);
    assert.deepEqual(await this.#list('/reports/2026'), ['q1.csv']);
    const denied = [
      'cd /not-mapped',
      'mkdir /new',
      'mkdir /reports/new',
      'rmdir /inbox',
      'rename /inbox /renamed',
    ];
    for (const line of denied) {
      const result = await this.#sftp('interop-mapped', this.target.password, [line]);
      assert.notEqual(result.exitCode, 0, `'${line}' succeeded`);
    }
  }

  async assertServes(): Promise<void> {
    const result = await this.#sftp(this.target.userName, this.target.password, ['pwd']);
    assert.equal(result.exitCode, 0, result.errorOutput);
    assert.match(result.output, /Remote working directory: \/$/m);
  }

  async assertLogWithoutSecrets(): Promise<void> {
    const log = await this.target.readLog();
    assert.notEqual(log, '', 'there is no log');
    for (const secret of this.secrets) assert.ok(!log.includes(secret), 'a password is in the log');
  }

  async #list(directory: string): Promise<readonly string[]> {
    const result = await this.#sftp('interop-mapped', this.target.password, [`cd ${directory}`, 'ls -1']);
    assert.equal(result.exitCode, 0, result.errorOutput);
    return result.output.split('\n').filter((line) => line !== '' && !line.startsWith('sftp>'));
  }

  #sftp(userName: string, password: string, lines: readonly string[]): Promise<CommandResult> {
    return runCommand({
      program: 'sshpass',
      args: [
        '-e',
        'sftp',
        '-F',
        this.#passwordConfigFile,
        '-oBatchMode=no',
        '-b',
        '-',
        ...this.#address(userName),
      ],
      environment: { ...this.#options.environment, SSHPASS: password },
      signal: this.#deadline(),
      input: lines.map((line) => `${line}\n`).join(''),
    });
  }

  #address(userName: string): readonly string[] {
    return ['-P', String(this.target.port), `${userName}@${this.target.host}`];
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([this.#options.signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
  }

  async #waitForRefusal(refusal: { userName: string; code: string; logStart: number }): Promise<void> {
    const deadlineMs = performance.now() + LOG_TIMEOUT_MS;
    for (;;) {
      const lines = (await this.target.readLog()).slice(refusal.logStart).split('\n');
      if (lines.some((line) => isRefusal(line, refusal.userName, refusal.code))) return;
      if (performance.now() > deadlineMs) {
        throw new Error(`the log has no ${refusal.code} for ${refusal.userName}:\n${lines.join('\n')}`);
      }
      await delay(LOG_POLL_MS);
    }
  }
}

/** A log line that says who was refused and why, in a code for programs and a message for people. */
const RefusalLine = z.object({
  'activity-type': z.literal('AUTH_FAILURE'),
  user: z.string(),
  code: z.string(),
  message: z.string().min(1),
});

function isRefusal(line: string, userName: string, code: string): boolean {
  if (!line.startsWith('{')) return false;
  const refusal = RefusalLine.safeParse(JSON.parse(line));
  return refusal.success && refusal.data.user === userName && refusal.data.code === code;
}
