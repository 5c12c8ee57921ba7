/**
 * Does random things to one file and knows what must be in it afterwards, as fsx of the file system developers does. Runs
 * as a process of its own, because a mounted server that stops answering stops whoever asks it.
 *
 * usage: node exerciser.ts SEED STEPS FILE-ON-THE-SERVERS-DISK FILE-BELOW-THE-MOUNT
 */

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';

/** Small enough to be compared as a whole after every step, and several SFTP requests of every size. */
const MAX_FILE_BYTES = 256 * 1024;
const MAX_WRITE_BYTES = 70_000;

class Exerciser {
  readonly #random: () => number;
  readonly #mounted: string;
  readonly #disk: string;
  #content = Buffer.alloc(0);
  #fd: number;

  constructor(random: () => number, mounted: string, disk: string) {
    this.#random = random;
    this.#mounted = mounted;
    this.#disk = disk;
    this.#fd = openSync(mounted, 'w+');
  }

  /** @throws Error that says what differs */
  run(steps: number): void {
    for (let step = 1; step <= steps; step++) {
      const action = this.#next();
      try {
        const what = action.call(this);
        compare(readAll(this.#fd), this.#content, what);
      } catch (error) {
        throw new Error(`step ${step}, ${action.name}`, { cause: error });
      }
    }
    this.#reopen();
    closeSync(this.#fd);
  }

  #next(): () => string {
    const actions = [
      this.#write,
      this.#write,
      this.#write,
      this.#append,
      this.#append,
      this.#leaveHole,
      this.#cut,
      this.#cutByPath,
      this.#extend,
      this.#overwrite,
      this.#read,
      this.#read,
      this.#sync,
      this.#reopen,
      this.#appendElsewhere,
      this.#rename,
    ];
    return actions[this.#below(actions.length)] ?? this.#write;
  }

  #write(): string {
    return this.#put(this.#below(this.#content.length + 1));
  }

  #append(): string {
    return this.#put(this.#content.length);
  }

  #leaveHole(): string {
    return this.#put(Math.min(MAX_FILE_BYTES, this.#content.length + this.#below(20_000)));
  }

  #put(position: number): string {
    const data = this.#data(MAX_FILE_BYTES - position);
    let written = 0;
    while (written < data.length)
      written += writeSync(this.#fd, data, written, data.length - written, position + written);
    this.#store(data, position);
    return `${data.length} bytes written at ${position}`;
  }

  #cut(): string {
    const sizeBytes = this.#below(this.#content.length + 1);
    ftruncateSync(this.#fd, sizeBytes);
    return this.#resize(sizeBytes);
  }

  #cutByPath(): string {
    const sizeBytes = this.#below(this.#content.length + 1);
    truncateSync(this.#mounted, sizeBytes);
    return this.#resize(sizeBytes);
  }

  #extend(): string {
    const sizeBytes = Math.min(MAX_FILE_BYTES, this.#content.length + this.#below(40_000));
    ftruncateSync(this.#fd, sizeBytes);
    return this.#resize(sizeBytes);
  }

  /** From the beginning, as an editor saves. */
  #overwrite(): string {
    closeSync(this.#fd);
    this.#fd = openSync(this.#mounted, 'w+');
    this.#resize(0);
    return this.#put(0);
  }

  #read(): string {
    const position = this.#below(this.#content.length + 1000);
    const buffer = Buffer.alloc(this.#below(MAX_WRITE_BYTES));
    const byteCount = readSync(this.#fd, buffer, 0, buffer.length, position);
    const expected = this.#content.subarray(position, position + buffer.length);
    compare(buffer.subarray(0, byteCount), expected, `${buffer.length} bytes read at ${position}`);
    return 'read';
  }

  #sync(): string {
    fsyncSync(this.#fd);
    return this.#compareDisk('after fsync');
  }

  /** What was closed is on the server's disk. */
  #reopen(): string {
    closeSync(this.#fd);
    this.#compareDisk('after close');
    this.#fd = openSync(this.#mounted, 'r+');
    return 'opened again';
  }

  /** As a resumed upload: another descriptor, for writing only. */
  #appendElsewhere(): string {
    closeSync(this.#fd);
    const data = this.#data(MAX_FILE_BYTES - this.#content.length);
    const fd = openSync(this.#mounted, 'a');
    for (let written = 0; written < data.length; ) written += writeSync(fd, data, written);
    closeSync(fd);
    this.#store(data, this.#content.length);
    this.#fd = openSync(this.#mounted, 'r+');
    return `${data.length} bytes appended`;
  }

  /** The descriptor stays with the file. */
  #rename(): string {
    renameSync(this.#mounted, `${this.#mounted}.moved`);
    renameSync(`${this.#mounted}.moved`, this.#mounted);
    const { size } = statSync(this.#mounted);
    if (size !== this.#content.length) throw new Error(`stat says ${size}, not ${this.#content.length}`);
    return 'renamed and back';
  }

  #compareDisk(when: string): string {
    compare(readFileSync(this.#disk), this.#content, `on the server's disk ${when}`);
    return when;
  }

  #store(data: Buffer, position: number): void {
    if (data.length === 0) return;
    const content = Buffer.alloc(Math.max(this.#content.length, position + data.length));
    this.#content.copy(content);
    data.copy(content, position);
    this.#content = content;
  }

  #resize(sizeBytes: number): string {
    const content = Buffer.alloc(sizeBytes);
    this.#content.copy(content, 0, 0, sizeBytes);
    this.#content = content;
    return `size ${sizeBytes}`;
  }

  /** Never zeros, which is what holes hold. */
  #data(mostBytes: number): Buffer {
    const data = Buffer.alloc(Math.max(0, Math.min(mostBytes, 1 + this.#below(MAX_WRITE_BYTES))));
    const first = this.#below(255);
    for (let index = 0; index < data.length; index++) data[index] = 1 + ((first + index * 7) % 255);
    return data;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function readAll(fd: number): Buffer {
  const buffer = Buffer.alloc(fstatSync(fd).size);
  let length = 0;
  while (length < buffer.length) {
    const byteCount = readSync(fd, buffer, length, buffer.length - length, length);
    if (byteCount === 0) break;
    length += byteCount;
  }
  return buffer.subarray(0, length);
}

function compare(found: Buffer, expected: Buffer, what: string): void {
  if (found.equals(expected)) return;
  const shared = Math.min(found.length, expected.length);
  let at = 0;
  while (at < shared && found[at] === expected[at]) at += 1;
  throw new Error(
    `${what}: ${found.length} bytes where ${expected.length} are due, different from byte ${at}`,
  );
}

/** Lehmer's generator modulo 2^31 - 1: the same steps for the same seed, on every machine. */
function generator(seed: number): () => number {
  const modulus = 2 ** 31 - 1;
  let state = (seed % (modulus - 1)) + 1;
  return () => {
    state = (state * 48_271) % modulus;
    return (state - 1) / (modulus - 1);
  };
}

const [seed = '', steps = '', disk = '', mounted = ''] = process.argv.slice(2);
new Exerciser(generator(Number(seed)), mounted, disk).run(Number(steps));
