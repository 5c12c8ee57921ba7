/** An SFTP server as one writes it on npm's `ssh2` in an afternoon: requests go to `fs` as they come. */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(new URL('../../.cache/npm-clients/package.json', import.meta.url));
const { Server, utils } = require('ssh2');
const { STATUS_CODE, flagsToString } = utils.sftp;

const [host, port, userName, hostKeyFile, publicKeyFile, root] = process.argv.slice(2);
const userKey = utils.parseKey(fs.readFileSync(publicKeyFile));
/** Entries in one answer to READDIR, as OpenSSH does. */
const MAX_ENTRIES = 100;

const server = new Server({ hostKeys: [fs.readFileSync(hostKeyFile)] }, (client) => {
  client.setNoDelay(true);
  client.on('authentication', authenticate);
  client.on('session', (accept) => accept().on('sftp', (acceptSftp) => serve(acceptSftp())));
  // A client that leaves without a word.
  client.on('error', () => {});
});
server.listen(Number(port), host);

function authenticate(context) {
  const isRight =
    context.method === 'publickey' &&
    context.username === userName &&
    context.key.algo === userKey.type &&
    context.key.data.equals(userKey.getPublicSSH()) &&
    (!context.signature || userKey.verify(context.blob, context.signature, context.hashAlgo) === true);
  if (isRight) context.accept();
  else context.reject(['publickey']);
}

function serve(sftp) {
  const handles = new Map();
  let nextHandle = 0;

  const local = (remote) => path.join(root, path.posix.resolve('/', remote));
  const give = (id, value) => {
    nextHandle += 1;
    handles.set(nextHandle, value);
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(nextHandle);
    sftp.handle(id, handle);
  };
  const find = (handle) => handles.get(handle.readUInt32BE());
  const fail = (id, error) =>
    sftp.status(id, error.code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
  const done = (id) => (error) => (error ? fail(id, error) : sftp.status(id, STATUS_CODE.OK));
  const attributes = (id) => (error, stats) => (error ? fail(id, error) : sftp.attrs(id, stats));

  sftp.on('REALPATH', (id, remote) => {
    const filename = path.posix.resolve('/', remote);
    sftp.name(id, [{ filename, longname: filename, attrs: {} }]);
  });
  sftp.on('STAT', (id, remote) => fs.stat(local(remote), attributes(id)));
  sftp.on('LSTAT', (id, remote) => fs.lstat(local(remote), attributes(id)));
  sftp.on('FSTAT', (id, handle) => fs.fstat(find(handle).file, attributes(id)));
  sftp.on('SETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('FSETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('MKDIR', (id, remote) => fs.mkdir(local(remote), done(id)));
  sftp.on('RMDIR', (id, remote) => fs.rmdir(local(remote), done(id)));
  sftp.on('REMOVE', (id, remote) => fs.unlink(local(remote), done(id)));
  sftp.on('RENAME', (id, from, to) => fs.rename(local(from), local(to), done(id)));

  sftp.on('OPEN', (id, remote, flags) => {
    fs.open(local(remote), flagsToString(flags), (error, file) =>
      error ? fail(id, error) : give(id, { file }),
    );
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const buffer = Buffer.allocUnsafe(length);
    fs.read(find(handle).file, buffer, 0, length, offset, (error, byteCount) => {
      if (error) fail(id, error);
      else if (byteCount === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, buffer.subarray(0, byteCount));
    });
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    fs.write(find(handle).file, data, 0, data.length, offset, done(id));
  });
  sftp.on('OPENDIR', (id, remote) => {
    const folder = local(remote);
    fs.readdir(folder, (error, names) => (error ? fail(id, error) : give(id, { folder, names, next: 0 })));
  });
  sftp.on('READDIR', (id, handle) => {
    const open = find(handle);
    const names = open.names.slice(open.next, open.next + MAX_ENTRIES);
    open.next += names.length;
    if (names.length === 0) return sftp.status(id, STATUS_CODE.EOF);
    const entries = names.map(async (filename) => {
      const attrs = await fs.promises.lstat(path.join(open.folder, filename));
      const longname = `-rw-r--r-- 1 0 0 ${attrs.size} Jan  1 1970 ${filename}`;
      return { filename, longname, attrs };
    });
    Promise.all(entries).then(
      (all) => sftp.name(id, all),
      (failure) => fail(id, failure),
    );
  });
  sftp.on('CLOSE', (id, handle) => {
    const { file } = find(handle);
    handles.delete(handle.readUInt32BE());
    if (file === undefined) sftp.status(id, STATUS_CODE.OK);
    else fs.close(file, done(id));
  });
  // OpenSSH's client waits for the end of the channel after it has said its own.
  sftp.on('end', () => sftp.end());
  sftp.on('close', () => {
    for (const { file } of handles.values()) if (file !== undefined) fs.close(file, () => {});
  });
}
