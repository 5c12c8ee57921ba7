/** What can go wrong with a file, as stable codes, and how each protocol says it. */

interface FileErrorReply {
  /** SSH_FX_* code, draft-ietf-secsh-filexfer-02 section 7; v3 has only 0 to 8. */
  readonly sftpStatus: number;
  /** RFC 959 section 4.2 reply code. */
  readonly ftpReply: number;
  /** `__type` of the Transfer API error. */
  readonly apiError: string;
  /** Used when the place that failed has nothing more specific to say. Never names a backend path. */
  readonly message: string;
}

const NOT_FOUND = { sftpStatus: 2, ftpReply: 550, apiError: 'ResourceNotFoundException' } as const;
const DENIED = { sftpStatus: 3, ftpReply: 550, apiError: 'AccessDeniedException' } as const;
const FAILED = { sftpStatus: 4, ftpReply: 550, apiError: 'InvalidRequestException' } as const;
const BAD_REQUEST = { sftpStatus: 5, ftpReply: 501, apiError: 'InvalidRequestException' } as const;
const UNSUPPORTED = { sftpStatus: 8, ftpReply: 502, apiError: 'InvalidRequestException' } as const;
const BROKEN = { sftpStatus: 4, ftpReply: 451, apiError: 'InternalServiceError' } as const;

/** The one table from error code to protocol answers. OpenSSH's errno mapping is followed for SFTP. */
export const FILE_ERRORS = {
  NOT_FOUND: { ...NOT_FOUND, message: 'no such file or directory' },
  NOT_A_DIRECTORY: { ...NOT_FOUND, message: 'a part of the path is not a directory' },
  LINK_LOOP: { ...NOT_FOUND, message: 'too many symbolic links' },
  PERMISSION_DENIED: { ...DENIED, message: 'permission denied' },
  ALREADY_EXISTS: { ...FAILED, message: 'the file already exists' },
  IS_A_DIRECTORY: { ...FAILED, message: 'this is a directory' },
  NOT_EMPTY: { ...FAILED, message: 'the directory is not empty' },
  LIMIT_EXCEEDED: { ...FAILED, message: 'more was asked for than is allowed' },
  NO_SPACE: { ...FAILED, ftpReply: 552, message: 'no space is left, or a quota is used up' },
  CROSS_STORAGE: { ...FAILED, message: 'source and target are in different storages' },
  TOO_MANY_OPEN: { ...FAILED, message: 'too many open files' },
  INVALID_HANDLE: { ...FAILED, message: 'invalid handle' },
  INVALID_PATH: { ...BAD_REQUEST, ftpReply: 553, message: 'the path is not valid' },
  NAME_TOO_LONG: { ...BAD_REQUEST, ftpReply: 553, message: 'the path or one of its names is too long' },
  INVALID_ARGUMENT: { ...BAD_REQUEST, message: 'an argument is out of range' },
  NOT_SUPPORTED: { ...UNSUPPORTED, message: 'the storage cannot do this' },
  IO_ERROR: { ...BROKEN, message: 'the storage failed' },
  ABORTED: { ...BROKEN, ftpReply: 426, message: 'the transfer was aborted' },
} as const satisfies Record<string, FileErrorReply>;

export type FileErrorCode = keyof typeof FILE_ERRORS;

/**
 * An operation on a file was refused or failed. The message is shown to the client, so it never holds a path of the
 * machine; what the machine said travels in `cause` and reaches only the log.
 */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message?: string, options?: ErrorOptions) {
    super(message ?? FILE_ERRORS[code].message, options);
    this.code = code;
  }
}

const ERRNO_CODES: Readonly<Record<string, FileErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_A_DIRECTORY',
  ELOOP: 'LINK_LOOP',
  EPERM: 'PERMISSION_DENIED',
  EACCES: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  EEXIST: 'ALREADY_EXISTS',
  EISDIR: 'IS_A_DIRECTORY',
  ENOTEMPTY: 'NOT_EMPTY',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EFBIG: 'NO_SPACE',
  EXDEV: 'CROSS_STORAGE',
  EMFILE: 'TOO_MANY_OPEN',
  ENFILE: 'TOO_MANY_OPEN',
  EBADF: 'INVALID_HANDLE',
  ENAMETOOLONG: 'NAME_TOO_LONG',
  EINVAL: 'INVALID_ARGUMENT',
  ENOSYS: 'NOT_SUPPORTED',
  EOPNOTSUPP: 'NOT_SUPPORTED',
  ENOTSUP: 'NOT_SUPPORTED',
};

/** Turns whatever a storage threw into a `FileError`; an unknown failure is `IO_ERROR`, never a success. */
export function toFileError(error: unknown): FileError {
  if (error instanceof FileError) return error;
  const errno = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return new FileError(ERRNO_CODES[errno] ?? 'IO_ERROR', undefined, { cause: error });
}
