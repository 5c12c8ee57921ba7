/** How much one SFTP channel may ask for at a time. */

/** Largest packet taken, without its length field; OpenSSH ends the session above the same size. */
export const MAX_PACKET_BYTES = 256 * 1024;
/** Most bytes in one DATA reply, and what a WRITE should not exceed; OpenSSH's own figure (packet less 1 KiB). */
export const MAX_TRANSFER_BYTES = 255 * 1024;

/** Largest reply beside DATA and one long name; sshfs drops the connection above it. */
export const MAX_REPLY_BYTES = 128 * 1024;

export interface SftpLimits {
  /** Requests begun and not yet answered; further ones stay as bytes in the channel's window. */
  readonly maxOutstandingRequests: number;
  /**
   * Reply bytes promised to READs, buffered, or queued in the channel, above which no request is begun. The channel's
   * low-water mark must be lower, or its `onDrain` would never come.
   */
  readonly maxQueuedReplyBytes: number;
  /** Open files and directories together. */
  readonly maxOpenHandles: number;
}

export const DEFAULT_LIMITS: SftpLimits = {
  // OpenSSH keeps up to 64 requests in flight, asyncssh up to 128.
  maxOutstandingRequests: 128,
  maxQueuedReplyBytes: 4 * 1024 * 1024,
  maxOpenHandles: 1000,
};
