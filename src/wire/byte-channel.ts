/** A flow-controlled stream of bytes between a protocol engine and whatever carries it (an SSH channel, a test pipe). */

/** The sending side, and the credit for what was received. */
export interface ByteChannel {
  /**
   * Queues bytes for the peer, in order, without copying. `release` is called once: when the last byte was taken, or the
   * channel closed. The views must not change before that.
   */
  send(views: readonly Uint8Array[], release?: () => void): void;
  /** Queues a text beside the conversation, where the carrier has a place for it (stderr in SSH). */
  sendError(text: string): void;
  /** Bytes queued by `send` and not yet taken by the transport. */
  readonly pendingBytes: number;
  /** Gives the peer credit for bytes that were received and are no longer held by us. */
  credit(byteCount: number): void;
  /** Ends the conversation after everything queued was sent, reporting `exitStatus` (0: in order). */
  finish(exitStatus: number): void;
}

/** What the carrier tells the engine. */
export interface ByteChannelHandler {
  /** Received bytes. The view stays valid as long as it is referenced. Each byte is to be credited once. */
  onData(view: Buffer): void;
  /** The peer will send no more. */
  onEnd(): void;
  /** `pendingBytes` has fallen under the carrier's low-water mark. */
  onDrain(): void;
  /** The channel is gone; nothing can be sent any more. Called once, always. */
  onClose(): void;
}
