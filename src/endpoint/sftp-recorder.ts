/** Writes what happens in an SFTP session into the activity log. */

import { AccessDenied, statementText } from '../files/access.ts';
import { FILE_ERRORS, type FileError } from '../files/error.ts';
import type {
  FileClosed,
  FileHashed,
  FileOpened,
  OperationRefused,
  SftpObserver,
  TreeChanged,
} from '../sftp/observer.ts';
import type { ActivityFields, ActivityLog, ActivityType } from '../telemetry/activity.ts';
import { errorFields, type Log } from '../telemetry/log.ts';

const SFTP_NO_SUCH_FILE = 2;
const SET_STAT_IGNORED = 'nothing was changed but a size: SetStatOption is ENABLE_NO_OP';

const CHANGES: Readonly<Record<TreeChanged['operation'], ActivityType>> = {
  MKDIR: 'MKDIR',
  RMDIR: 'RMDIR',
  REMOVE: 'DELETE',
  RENAME: 'RENAME',
  SETSTAT: 'SETSTAT',
  SYMLINK: 'CREATE_SYMLINK',
  HARDLINK: 'CREATE_LINK',
};

export class SftpRecorder implements SftpObserver {
  readonly #activities: ActivityLog;
  readonly #log: Log;
  /** A write that failed refuses all that are behind it in the file with the same error: one line tells it. */
  readonly #written = new WeakSet<FileError>();

  constructor(activities: ActivityLog, log: Log) {
    this.#activities = activities;
    this.#log = log;
  }

  opened(file: FileOpened): void {
    const mode = [file.read ? 'READ' : '', file.write ? 'WRITE' : ''].filter((word) => word !== '').join('|');
    this.#activities.record('OPEN', { path: file.path, mode });
  }

  closed(file: FileClosed): void {
    const type = file.outcome === 'aborted' && file.bytesWritten > 0 ? 'PARTIAL_CLOSE' : 'CLOSE';
    this.#activities.record(type, {
      path: file.path,
      'bytes-in': file.bytesWritten,
      'bytes-out': file.bytesRead,
      ...(file.left === undefined || file.bytesWritten === 0 ? {} : { upload: file.left }),
      ...(file.error === undefined ? {} : { code: file.error.code, message: file.error.message }),
    });
  }

  changed(change: TreeChanged): void {
    this.#activities.record(CHANGES[change.operation], {
      path: change.path,
      ...('newPath' in change ? { 'new-path': change.newPath } : {}),
      ...('isIgnored' in change ? { message: SET_STAT_IGNORED } : {}),
    });
  }

  /** Nothing went out but a hash, and who has the hash of a file knows whether it is a certain one. */
  hashed({ path, algorithm }: FileHashed): void {
    this.#activities.record('CHECK_FILE', { path, algorithm });
  }

  /** Clients ask for files that are not there all the time; that is no event, unless a policy hides them. */
  refused(refusal: OperationRefused): void {
    const { operation, path, error } = refusal;
    if (this.#written.has(error)) return;
    this.#written.add(error);
    const fields = {
      operation,
      code: error.code,
      message: error.message,
      ...(path === undefined ? {} : { path }),
    };
    if (FILE_ERRORS[error.code].sftpStatus === SFTP_NO_SUCH_FILE && !(error.cause instanceof AccessDenied)) {
      this.#log.debug(fields, 'an operation found nothing');
      return;
    }
    this.#activities.record('ERROR', { ...fields, ...causeFields(error.cause) });
  }
}

/** Of a denial, which statement of which policy decided. */
function causeFields(cause: unknown): ActivityFields {
  if (cause === undefined) return {};
  if (!(cause instanceof AccessDenied)) return { cause: errorFields(cause) };
  const { action, resource, policy, statement, outcome } = cause;
  return {
    action,
    resource,
    policy,
    outcome,
    ...(statement === undefined ? {} : { statement: statementText(statement) }),
  };
}
