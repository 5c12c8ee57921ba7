/** Requirements that no unit test proves: why not, and where they are proven instead. */

export interface Exception {
  /** Why no unit test bears the id. */
  readonly reason: string;
  /** File of the repository that proves it instead, where one does. */
  readonly provenBy?: string;
}

export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'P-1': {
    reason: 'A decision that shows in the figures and in no behaviour: every cipher keeps a `KeyObject`.',
    provenBy: 'src/ssh/cipher/gcm.ts',
  },
  'P-3': {
    reason:
      'A decision of design and no behaviour: every cipher implements `PacketSealer` and `PacketOpener`.',
    provenBy: 'src/ssh/cipher/protection.ts',
  },
  'P-5': {
    reason: 'A measurement: rows of the benchmark for aes128-gcm and for aes256-ctr with etm.',
    provenBy: 'docs/benchmarks.md',
  },
  'P-6': {
    reason: 'A choice between two equal ways, taken together with P-1.',
    provenBy: 'src/ssh/cipher/packet-mac.ts',
  },
  'P-10': {
    reason:
      'A measurement of whole processes: put and get rows of the benchmark, with the memory beside them. It holds.',
    provenBy: 'docs/benchmarks.md',
  },
  'P-11': {
    reason:
      'A measurement with a delayed line: rows of the benchmark. Not reached yet for an upload: 0.55 over 256 MiB.',
    provenBy: 'docs/benchmarks.md',
  },
  'P-14': {
    reason:
      'A measurement: a row of the benchmark, with 2,000 sessions. It holds there; 10,000 were not tried.',
    provenBy: 'docs/benchmarks.md',
  },
  'P-15': {
    reason: 'A measurement: the logins row of the benchmark.',
    provenBy: 'docs/benchmarks.md',
  },
};
