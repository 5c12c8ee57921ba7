import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MemoryStorage } from '../../files/storage/memory.ts';
import { testSession } from '../../files/testing/fixture.ts';
import { virtualPath } from '../../files/virtual-path.ts';
import { HashPace } from '../hashing/hash-pace.ts';
import { HashQueue } from '../hashing/hash-queue.ts';
import { RecordingObserver, settled } from '../testing/conversation.ts';
import { MemoryChannel } from '../testing/memory-channel.ts';
import { StagedFileSystem } from '../testing/staged-file-system.ts';
import { CommandServer } from './command-server.ts';

const SESSION = testSession();

class Place {
  readonly files = new StagedFileSystem(new MemoryStorage().attach(SESSION));
  readonly observer = new RecordingObserver();
  readonly hashes = new HashQueue({ pace: new HashPace() });

  async store(path: string, contents: string | Buffer): Promise<void> {
    const mode = { read: false, write: true, append: false, create: true, truncate: true, exclusive: false };
    const handle = await this.files.open(virtualPath(path), mode, {});
    await handle.write([Buffer.from(contents)], 0);
    await handle.close();
  }

  begin(command: string, home = '/'): { readonly channel: MemoryChannel; readonly server: CommandServer } {
    const channel = new MemoryChannel();
    const server = new CommandServer({
      channel,
      command,
      fileSystem: this.files,
      home: virtualPath(home),
      hashes: this.hashes,
      observer: this.observer,
    });
    return { channel, server };
  }

  async run(
    command: string,
    home = '/',
  ): Promise<{ status: number | undefined; output: string; errors: string }> {
    const { channel, server } = this.begin(command, home);
    server.onEnd();
    while (channel.exitStatus === undefined) await settled();
    return { status: channel.exitStatus, output: channel.sentBytes.toString(), errors: channel.errors };
  }
}

function md5(text: string | Buffer): string {
  return createHash('md5').update(text).digest('hex');
}

test('exec - md5sum and its like print what GNU coreutils print', async () => {
  const place = new Place();
  await place.store('/a', 'abc');
  for (const [command, algorithm] of [
    ['md5sum', 'md5'],
    ['sha1sum', 'sha1'],
    ['sha224sum', 'sha224'],
    ['sha256sum', 'sha256'],
    ['sha384sum', 'sha384'],
    ['sha512sum', 'sha512'],
  ] as const) {
    const hash = createHash(algorithm).update('abc').digest('hex');
    assert.deepEqual(await place.run(`${command} /a`), { status: 0, output: `${hash}  /a\n`, errors: '' });
  }
  assert.equal((await place.run('crc32 a')).output, '352441c2  a\n');
  assert.equal((await place.run('md5sum -b a')).output, `${md5('abc')} *a\n`);
});

test('exec - what rclone runs: the probe of the shell, the hash of nothing, and names full of special characters', async () => {
  const place = new Place();
  const name = "/dir/sp ace (1) 'q' $x é;&\n\\.txt";
  await place.store('/x', '');
  await place.files.makeDirectory(virtualPath('/dir'), {});
  await place.store(name, 'abc');
  const probe = await place.run('echo ${ShellId}%ComSpec%');
  assert.deepEqual(probe, { status: 0, output: '${ShellId}%ComSpec%\n', errors: '' });
  assert.equal((await place.run('md5sum')).output, `${md5('')}  -\n`);
  const quoted = "/dir/sp\\ ace\\ \\(1\\)\\ \\'q\\'\\ \\$x\\ é\\;\\&'\n'\\\\.txt";
  const { output } = await place.run(`md5sum ${quoted}`);
  assert.equal(output, `\\${md5('abc')}  /dir/sp ace (1) 'q' $x é;&\\n\\\\.txt\n`);
  const newer = await place.run('rclone hashsum sha256');
  assert.match(newer.output, /^e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 {2}-\n$/);
  assert.equal((await place.run('rclone md5sum /x')).output, `${md5('')}  /x\n`);
  assert.equal((await place.run('rclone lsf /')).status, 127);
});

test('exec - input is hashed as it comes, also what came with the command, and credited', async () => {
  const { channel, server } = new Place().begin('md5sum -');
  server.onData(Buffer.from('ab'));
  await settled();
  server.onData(Buffer.from('c'));
  assert.equal(channel.exitStatus, undefined);
  server.onEnd();
  await settled();
  assert.equal(channel.sentBytes.toString(), `${md5('abc')}  -\n`);
  assert.equal(channel.creditedBytes, 3);
});

test('exec - nothing is sent before the carrier could say that the command was accepted', async () => {
  const place = new Place();
  for (const command of ['pwd', 'nonsense', "'"]) {
    const { channel } = place.begin(command);
    assert.deepEqual([channel.sends.length, channel.errors, channel.exitStatus], [0, '', undefined]);
    await settled();
    assert.notEqual(channel.exitStatus, undefined);
  }
});

test('exec - paths are those of SFTP: canonical, relative to the home, never above the root', async () => {
  const place = new Place();
  await place.files.makeDirectory(virtualPath('/home'), {});
  await place.store('/home/a', 'abc');
  assert.equal((await place.run('pwd', '/home')).output, '/home\n');
  assert.equal(
    (await place.run('md5sum ../../../home/./a', '/home')).output,
    `${md5('abc')}  ../../../home/./a\n`,
  );
  assert.equal((await place.run('cd /home')).status, 0);
  assert.equal((await place.run('cd', '/home')).status, 0);
  assert.deepEqual(await place.run('cd /home/a'), {
    status: 1,
    output: '',
    errors: 'cd: a part of the path is not a directory\n',
  });
  assert.deepEqual(
    place.observer.refusals.map(({ operation, error }) => [operation, error.code]),
    [['EXEC', 'NOT_A_DIRECTORY']],
  );
});

test('exec - a file that fails is named on stderr, the others are hashed, and the status tells it', async () => {
  const place = new Place();
  await place.store('/b', 'abc');
  const result = await place.run("md5sum none b '' /");
  assert.equal(result.status, 1);
  assert.equal(result.output, `${md5('abc')}  b\n`);
  assert.deepEqual(result.errors.split('\n'), [
    'md5sum: none: no such file or directory',
    'md5sum: : no such file or directory',
    'md5sum: /: this is a directory',
    '',
  ]);
  assert.deepEqual(
    place.observer.refusals.map(({ operation, path }) => `${operation} ${path}`),
    ['EXEC /none', 'EXEC undefined', 'EXEC /'],
  );
  assert.deepEqual(place.observer.hashes, [{ path: '/b', algorithm: 'md5', byteCount: 3 }]);
});

test('exec - what is not there says so with status 127, and only the name of the command is told', async () => {
  const place = new Place();
  const { status, errors } = await place.run('mysql -psecret');
  assert.equal(status, 127);
  assert.match(errors, /^mysql: command not found: this service serves sftp, and the commands md5sum, /);
  assert.ok(!errors.includes('secret'));
  assert.equal(place.observer.refusals[0]?.error.message, 'the command mysql is not served');
  assert.equal((await place.run('')).status, 127);
  const odd = await place.run(`'\u001b[2J${'x'.repeat(100)}'`);
  assert.match(odd.errors, /^\?\[2Jx{28}: command not found/);
});

test('exec - scp, rsync and sftp-server are refused with what to use', async () => {
  const place = new Place();
  for (const [command, line] of [
    ['scp -t /x', 'scp: the old SCP protocol is not served: use scp without -O, or sftp\n'],
    [
      'rsync --server -e.LsfxC . /',
      'rsync: rsync is not served: use sftp, or rclone with its sftp backend\n',
    ],
    ['/usr/lib/openssh/sftp-server', 'sftp-server: ask for the subsystem sftp in place of a command\n'],
  ] as const) {
    assert.deepEqual(await place.run(command), { status: 1, output: '', errors: line });
  }
});

test('exec - variables and patterns are not taken for names, operators and open quotes not for commands', async () => {
  const place = new Place();
  for (const command of ['md5sum *', 'md5sum $HOME/x', 'md5sum ~', 'cd $HOME', 'md5sum a; id', "md5sum 'a"]) {
    const { status, output, errors } = await place.run(command);
    assert.deepEqual([status, output], [2, '']);
    assert.notEqual(errors, '');
  }
  assert.deepEqual(place.files.calls, []);
});

test('exec - options that are not served, and input beside files, are refused', async () => {
  const place = new Place();
  await place.store('/-c', 'abc');
  assert.equal((await place.run('md5sum -c sums')).status, 1);
  assert.equal((await place.run('md5sum a -')).status, 1);
  assert.equal((await place.run('md5sum -- -c')).output, `${md5('abc')}  -c\n`);
});

test('exec - a client that leaves ends the hashing, and nothing is sent any more', async () => {
  const place = new Place();
  await place.store('/a', Buffer.alloc(300_000));
  const release = place.files.hold(`read /a 0+${128 * 1024}`);
  const { channel, server } = place.begin('md5sum a a a');
  await settled();
  server.onClose();
  release();
  await settled();
  assert.deepEqual([channel.sends.length, channel.errors, channel.exitStatus], [0, '', undefined]);
  assert.equal(place.files.calls.filter((call) => call === 'open /a').length, 2);
  assert.equal(place.files.calls.filter((call) => call === 'abort /a').length, 1);
  assert.equal(place.files.lentSlices, 0);
});
