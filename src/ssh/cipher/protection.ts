/** What protects the packets of one direction: the interfaces that every cipher implements. */

/** The wire layout shared by both directions of one cipher and MAC. */
export interface PacketLayout {
  /** What (padding length, payload, padding) is a multiple of. */
  readonly blockBytes: number;
  /** Whether the four length bytes count towards the alignment. */
  readonly alignsLength: boolean;
  /** Tag or MAC behind the packet. */
  readonly trailerBytes: number;
}

/** Protects outgoing packets. */
export interface PacketSealer extends PacketLayout {
  /**
   * @param length the four length bytes
   * @param parts padding length, payload and padding, in order
   * @returns the packet's bytes in order, none of them sharing memory with `parts`
   */
  seal(sequence: number, length: Buffer, parts: readonly Uint8Array[]): Buffer[];
}

/** Opens incoming packets. */
export interface PacketOpener extends PacketLayout {
  /** Bytes that must be there before the length can be known. */
  readonly lengthBytes: number;
  /** The length is encrypted, so an impossible one means a corrupt packet. */
  readonly lengthIsProtected: boolean;
  /** The packet length field. Called once for each packet, before `open`. */
  readLength(start: Buffer): number;
  /**
   * @param packet from the length field to the end of the trailer
   * @returns padding length, payload and padding, in memory of its own. @throws SshError MAC_INVALID
   */
  open(sequence: number, packet: Buffer): Buffer;
}

/** Key material for one direction, in the lengths its cipher and MAC ask for. */
export interface DirectionKeys {
  readonly iv: Buffer;
  readonly key: Buffer;
  readonly macKey: Buffer;
}
