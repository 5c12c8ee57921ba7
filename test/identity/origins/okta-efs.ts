/** Origin text 000: jdoe and msmith of Okta, with homes and POSIX ids from a DynamoDB table, on a file system. */

import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { OktaSimulator } from '../../simulators/okta/simulator.ts';
import type { SimulatedUser } from '../../simulators/okta/users.ts';
import { ROLE, type Served } from '../../testing/served.ts';
import type { Report } from '../main.ts';
import { clientSettings, type Lab, placeOf } from './lab.ts';
import { loggedAbout, start, startGateway, testIdentityProvider } from './product.ts';
import { type SftpLogin, sftpDone, sftpRefused } from './sftp.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:okta-efs';
const FILE_SYSTEM = 'fs-0123456789abcdef0';
const TABLE = 'UserMapping';
const PASSWORD = 'canary-000-password';
const WRONG = 'canary-000-wrong';
/** Of the text's `useradd -u` and `chown`. */
const USER_IDS = { jdoe: 2030, msmith: 4050 } as const;

type UserName = keyof typeof USER_IDS;
const USER_NAMES: readonly UserName[] = ['jdoe', 'msmith'];

/** The two ways to the same function. */
const FORMS = [
  { form: 'embedded', serverId: 's-00000000000000000' },
  { form: 'API Gateway', serverId: 's-00000000000000001' },
] as const;

export async function checkOktaEfs(report: Report, lab: Lab): Promise<void> {
  await using text = await OktaEfs.start(lab);
  for (const { form, serverId } of FORMS) {
    const name = (what: string) => `origin 000, ${form} - ${what}`;
    for (const userName of USER_NAMES) {
      await report(name(`${userName} uploads to a home whose files belong to ${USER_IDS[userName]}`), () =>
        text.uploads(serverId, userName),
      );
    }
    await report(
      name('a wrong password, an unknown user, a locked one and one without mapping are refused'),
      () => text.refusals(serverId),
    );
    await report(name('TestIdentityProvider shows the four fields'), () => text.shows(serverId));
  }
  // Without root all files are those of one user.
  if (lab.isRoot)
    await report('origin 000 - the POSIX ids alone keep jdoe out of the folder of msmith', () =>
      text.isolates(),
    );
  await report('origin 000 - nothing secret is printed, and Okta was asked as it wants to be', async () => {
    assert.doesNotMatch(text.output(), /canary/);
    assert.deepEqual(text.violations, []);
  });
}

class OktaEfs implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #dynamo: DynamoDBClient;
  readonly #simulator: OktaSimulator;
  readonly #served: Served;
  readonly #gatewayUrl: string;
  readonly #gatewayOutput: () => string;
  readonly #stack: AsyncDisposableStack;

  static async start(lab: Lab): Promise<OktaEfs> {
    await using stack = new AsyncDisposableStack();
    const folder = join(lab.folder, 'efs');
    await makeHomes(folder, lab);
    const dynamo = stack.adopt(new DynamoDBClient(clientSettings(lab)), (client) => client.destroy());
    await createTable(dynamo);
    const simulator = stack.adopt(new OktaSimulator({ users: oktaUsers() }), (okta) => okta.stop());
    await simulator.start();
    const settings = oktaWithTable(simulator.origin, lab);
    const gateway = stack.use(await startGateway(lab.folder, FUNCTION, settings));
    const details = {
      embedded: { Function: FUNCTION },
      'API Gateway': { Url: gateway.url, ApiKey: gateway.apiKey },
    };
    const served = stack.use(
      await start({
        functions: { [FUNCTION]: settings },
        fileSystems: { [FILE_SYSTEM]: { path: folder, identity: lab.isRoot ? 'profile' : 'process' } },
        servers: FORMS.map(({ form, serverId }) => ({
          ServerId: serverId,
          Domain: 'EFS',
          IdentityProviderType: form === 'embedded' ? 'AWS_LAMBDA' : 'API_GATEWAY',
          IdentityProviderDetails: details[form],
        })),
      }),
    );
    return new OktaEfs(lab, { folder, dynamo, simulator, served, gateway, stack: stack.move() });
  }

  private constructor(
    lab: Lab,
    parts: {
      readonly folder: string;
      readonly dynamo: DynamoDBClient;
      readonly simulator: OktaSimulator;
      readonly served: Served;
      readonly gateway: { readonly url: string; output(): string };
      readonly stack: AsyncDisposableStack;
    },
  ) {
    this.#lab = lab;
    this.#folder = parts.folder;
    this.#dynamo = parts.dynamo;
    this.#simulator = parts.simulator;
    this.#served = parts.served;
    this.#gatewayUrl = parts.gateway.url;
    this.#gatewayOutput = parts.gateway.output;
    this.#stack = parts.stack;
  }

  get violations(): readonly string[] {
    return this.#simulator.violations;
  }

  output(): string {
    return this.#served.output() + this.#gatewayOutput();
  }

  async uploads(serverId: string, userName: UserName): Promise<void> {
    const [source, name] = [join(this.#lab.folder, `${userName}.txt`), `from-${serverId}.txt`];
    await writeFile(source, `of ${userName}`);
    const listing = await sftpDone(
      this.#login(serverId, userName),
      `put ${source} ${name}`,
      'mkdir made',
      'ls -1 /',
      'rmdir made',
      `get ${name} ${source}.back`,
    );
    // The root is the user's own folder: the other one is nowhere.
    assert.match(listing, new RegExp(`^/${name}$`, 'm'));
    assert.doesNotMatch(listing, /^\/(?:jdoe|msmith)$/m);
    const stored = join(this.#folder, userName, name);
    assert.equal(await readFile(stored, 'utf8'), `of ${userName}`);
    assert.equal(await readFile(`${source}.back`, 'utf8'), `of ${userName}`);
    const { uid, gid } = await stat(stored);
    const expected = this.#lab.isRoot ? USER_IDS[userName] : process.getuid?.();
    assert.equal(uid, expected);
    if (this.#lab.isRoot) assert.equal(gid, expected);
  }

  async refusals(serverId: string): Promise<void> {
    const refusals = [
      ['jdoe', WRONG, /BAD_CREDENTIALS/],
      ['nobody', PASSWORD, /BAD_CREDENTIALS/],
      ['locked', PASSWORD, /ACCOUNT_LOCKED/],
      ['unmapped', PASSWORD, /NOT_MAPPED/],
    ] as const;
    await Promise.all(
      refusals.map(async ([userName, password, code]) => {
        await sftpRefused(this.#login(serverId, userName, password));
        await loggedAbout(this.#served, userName, code, serverId);
      }),
    );
  }

  async shows(serverId: string): Promise<void> {
    const ask = (password: string) =>
      testIdentityProvider(this.#served, { serverId, userName: 'jdoe', password });
    const [right, wrong] = await Promise.all([ask(PASSWORD), ask(WRONG)]);
    const Url =
      serverId === FORMS[0].serverId ? '' : `${this.#gatewayUrl}/servers/${serverId}/users/jdoe/config`;
    assert.deepEqual([right.exitCode, right.Message, right.StatusCode, right.Url], [0, '', 200, Url]);
    const { HomeDirectoryDetails, ...answer } = JSON.parse(right.Response);
    assert.deepEqual(answer, {
      Role: ROLE,
      HomeDirectoryType: 'LOGICAL',
      PosixProfile: { Uid: 2030, Gid: 2030 },
    });
    assert.deepEqual(JSON.parse(HomeDirectoryDetails), [{ Entry: '/', Target: `/${FILE_SYSTEM}/jdoe` }]);
    const { exitCode, Message, StatusCode, Response } = wrong;
    assert.deepEqual([exitCode, Message, StatusCode, Response], [1, '', 200, '{}']);
  }

  /** With a mapping to the whole file system nothing but the ids is left; it also counts from the next login on. */
  async isolates(): Promise<void> {
    const [{ serverId }] = FORMS;
    await this.#dynamo.send(putItem(mappingOf('jdoe', USER_IDS.jdoe, `/${FILE_SYSTEM}`)));
    const source = join(this.#lab.folder, 'jdoe.txt');
    const login = this.#login(serverId, 'jdoe');
    // A leading '-' lets the batch go on behind a failure.
    const output = await sftpDone(login, `-put ${source} /msmith/in.txt`, '-ls /msmith', 'ls -1 /jdoe');
    assert.equal(output.match(/permission denied/gi)?.length, 2, output);
    assert.match(output, /^\/jdoe\/from-/m);
  }

  #login(serverId: string, userName: string, password = PASSWORD): SftpLogin {
    return { served: this.#served, serverId, userName, by: { password } };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** `mkdir` and `chown` of the text; nobody but the owner has "full permissions". */
async function makeHomes(folder: string, { isRoot }: Lab): Promise<void> {
  for (const userName of USER_NAMES) {
    const home = join(folder, userName);
    await mkdir(home, { recursive: true });
    await chmod(home, 0o700);
    if (isRoot) await chown(home, USER_IDS[userName], USER_IDS[userName]);
  }
}

function oktaUsers(): readonly SimulatedUser[] {
  const user = (name: string) => ({ id: `00u1${name}`, login: `${name}@example.com`, password: PASSWORD });
  return [
    user('jdoe'),
    user('msmith'),
    user('unmapped'),
    { ...user('locked'), status: 'LOCKED_OUT', policy: { showsLockOut: true } },
  ];
}

/** `provider: okta` with the table of the text. */
function oktaWithTable(orgUrl: string, lab: Lab) {
  return {
    provider: 'okta',
    options: { orgUrl, signInDomain: 'example.com' },
    profiles: { dynamodb: { table: TABLE, ...placeOf(lab) } },
  };
}

async function createTable(dynamo: DynamoDBClient): Promise<void> {
  await dynamo.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'UserName', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'UserName', AttributeType: 'S' }],
    }),
  );
  for (const name of USER_NAMES)
    await dynamo.send(putItem(mappingOf(name, USER_IDS[name], `/${FILE_SYSTEM}/${name}`)));
  await dynamo.send(putItem(mappingOf('locked', USER_IDS.jdoe, `/${FILE_SYSTEM}/jdoe`)));
}

type Item = Record<string, AttributeValue>;

function putItem(Item: Item): PutItemCommand {
  return new PutItemCommand({ TableName: TABLE, Item });
}

function mappingOf(userName: string, id: number, target: string): Item {
  const N = String(id);
  return {
    UserName: { S: userName },
    Role: { S: ROLE },
    HomeDirectoryDetails: { L: [{ M: { Entry: { S: '/' }, Target: { S: target } } }] },
    PosixProfile: { M: { Uid: { N }, Gid: { N } } },
  };
}
