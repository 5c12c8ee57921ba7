/** The numbers of SFTP version 3, as draft-ietf-secsh-filexfer-02 gives them. */

/** The one version spoken; it is answered whatever the client asks for (lftp asks for 6). */
export const PROTOCOL_VERSION = 3;

/** Section 3. */
export const MessageType = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
  EXTENDED_REPLY: 201,
} as const;

/** Section 7. Codes 6 and 7 are made by clients only; v3 has none above 8. */
export const StatusCode = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  OP_UNSUPPORTED: 8,
} as const;

/** Section 6.3, `pflags`. */
export const OpenFlag = {
  READ: 0x01,
  WRITE: 0x02,
  APPEND: 0x04,
  CREATE: 0x08,
  TRUNCATE: 0x10,
  EXCLUSIVE: 0x20,
} as const;

/** Section 5, the flags of ATTRS. */
export const AttributeFlag = {
  SIZE: 0x01,
  OWNER: 0x02,
  PERMISSIONS: 0x04,
  TIMES: 0x08,
  EXTENDED: 0x8000_0000,
} as const;
