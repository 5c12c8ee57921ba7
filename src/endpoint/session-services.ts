/** What the channels of one logged-in session are served by: SFTP, and a few commands. */

import { CommandServer } from '../sftp/command/command-server.ts';
import type { Product } from '../sftp/extensions.ts';
import type { HashPace } from '../sftp/hashing/hash-pace.ts';
import { HashQueue } from '../sftp/hashing/hash-queue.ts';
import { SftpServer } from '../sftp/server.ts';
import type { ByteChannel, ByteChannelHandler, SessionRequest } from '../ssh/index.ts';
import type { ActivityLog } from '../telemetry/activity.ts';
import type { Log } from '../telemetry/log.ts';
import type { LoggedIn } from './login.ts';
import { SftpRecorder } from './sftp-recorder.ts';

const SUBSYSTEM = 'sftp';

export interface SessionServicesOptions {
  readonly session: LoggedIn;
  /** SetStatOption ENABLE_NO_OP. */
  readonly ignoresSetStat: boolean;
  /** `Name_version`, as in the SSH identification line. */
  readonly softwareVersion: string;
  /** Shared by all sessions. */
  readonly hashPace: HashPace;
  readonly activities: ActivityLog;
  readonly log: Log;
}

export class SessionServices {
  readonly #options: SessionServicesOptions;
  readonly #recorder: SftpRecorder;
  readonly #hashes: HashQueue;
  readonly #servers = new Set<SftpServer>();

  constructor(options: SessionServicesOptions) {
    this.#options = options;
    this.#recorder = new SftpRecorder(options.activities, options.log);
    this.#hashes = new HashQueue({ pace: options.hashPace });
  }

  get hasOpenFiles(): boolean {
    return [...this.#servers].some((server) => server.hasOpenFiles);
  }

  /** Serves what the client asks a new channel to run; undefined where there is no such thing. */
  start(request: SessionRequest, channel: ByteChannel): ByteChannelHandler | undefined {
    if (request.type === 'exec') return this.#startCommand(request.command, channel);
    return request.name === SUBSYSTEM ? this.#startSftp(channel) : undefined;
  }

  #startSftp(channel: ByteChannel): ByteChannelHandler {
    const { session, ignoresSetStat, softwareVersion } = this.#options;
    const { userName, home, posixProfile } = session.grant;
    const server: SftpServer = new SftpServer({
      channel,
      fileSystem: session.fileSystem,
      home: home.directory,
      userName,
      observer: this.#recorder,
      hashes: this.#hashes,
      ignoresSetStat,
      product: productOf(softwareVersion),
      ...(posixProfile === undefined ? {} : { knownIds: posixProfile }),
    });
    this.#servers.add(server);
    return {
      onData: (view) => server.onData(view),
      onEnd: () => server.onEnd(),
      onDrain: () => server.onDrain(),
      onClose: () => {
        server.onClose();
        this.#servers.delete(server);
      },
    };
  }

  #startCommand(command: string, channel: ByteChannel): ByteChannelHandler {
    const { fileSystem, grant } = this.#options.session;
    return new CommandServer({
      channel,
      command,
      fileSystem,
      home: grant.home.directory,
      hashes: this.#hashes,
      observer: this.#recorder,
    });
  }
}

function productOf(softwareVersion: string): Product {
  const [name = '', version = ''] = softwareVersion.split('_', 2);
  return { vendor: name, name, version };
}
