/** Whose process is at the other end of a connection within this machine. */

import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** The kernel's tables of connections (proc(5)); a program may use a socket of either family. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const LOCAL_ADDRESS = 1;
const REMOTE_ADDRESS = 2;
const OWNER = 7;

/** A table that changes while it is read may miss a row, so one that is not there is looked for again. */
const MAX_LOOKS = 3;

/**
 * Whether the peer runs as the same user as this process. True where the system has no such tables: on other systems than
 * Linux nothing is known of a peer.
 */
export async function isOwnPeer(socket: Socket): Promise<boolean> {
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    const rows = await connectionRows();
    if (rows.length === 0) return true;
    const owner = ownerOf(rows, socket);
    if (owner !== undefined) return owner === process.getuid?.();
  }
  return false;
}

/** The columns of each connection; none where there are no tables. */
async function connectionRows(): Promise<readonly (readonly string[])[]> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')));
  const lines = tables.flatMap((table) => table.split('\n')).map((line) => line.trim());
  return lines.filter((line) => line !== '').map((line) => line.split(/\s+/));
}

/** User id of the peer. The peer's side of the connection is local to the peer. */
function ownerOf(rows: readonly (readonly string[])[], socket: Socket): number | undefined {
  const { localPort, remotePort } = socket;
  const row = rows.find(
    (columns) =>
      portOf(columns[LOCAL_ADDRESS]) === remotePort && portOf(columns[REMOTE_ADDRESS]) === localPort,
  );
  return row === undefined ? undefined : Number(row[OWNER]);
}

/** `0100007F:1F90` */
function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(':')[1] ?? '', 16);
}
