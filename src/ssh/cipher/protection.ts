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
   * @param packet length field, padding length, payload and padding
   * @returns what goes on the wire, in order, none of it sharing memory with `packet`
   */
  seal(sequence: number, packet: Buffer): Buffer[];
}

/** Opens incoming packets. */
export interface PacketOpener extends PacketLayout {
  /** Bytes that must be there before the length can be known. */
  readonly lengthBytes: number;
  /**
   * What encrypts the length field: nothing; a key of its own, or the key of the packet. Where it is encrypted, an
   * impossible one means a corrupt packet. Where it is the packet's key, the moment of a refusal tells of the plaintext
   * and must be hidden: plaintext has been acted on before the MAC was looked at (encrypt-and-MAC).
   */
  readonly lengthKey: 'none' | 'own' | 'packet';
  /** The packet length field. Called once for each packet, before `open`. */
  readLength(sequence: number, start: Buffer): number;
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
