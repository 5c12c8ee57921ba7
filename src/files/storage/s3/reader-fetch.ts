/** One GET of a stretch of an object, poured into blocks as it arrives. */

import { BLOCK_BYTES, type BlockPool } from '../../block-pool.ts';
import { FileError, toFileError } from '../../error.ts';
import type { ObjectHead, ObjectStore } from './object-store.ts';
import { Block, type BlockMemory } from './reader-block.ts';

/** What is read: this version of the object and no other, so that a download never mixes two. */
export interface ObjectSource {
  readonly store: ObjectStore;
  readonly head: ObjectHead;
  /** Fires when the handle is closed or the session ends. */
  readonly signal: AbortSignal;
}

/** Begins the GET at once; whoever asked for it releases each block. It ends early when nobody uses the rest. */
export function fetchBlocks(
  source: ObjectSource,
  position: number,
  memories: readonly BlockMemory[],
): readonly Block[] {
  const unused = new AbortController();
  const onUnused = (): void => {
    // They are filled in their order, so a full last one has nothing left to stop.
    if (blocks.at(-1)?.isFull === true) return;
    if (blocks.every((block) => block.isFull || block.isUnused)) unused.abort();
  };
  const blocks: Block[] = [];
  let end = position;
  for (const memory of memories) {
    blocks.push(new Block(end, memory, onUnused));
    end += memory.bytes.length;
  }
  const signal = AbortSignal.any([source.signal, unused.signal]);
  pour(source, { position, byteCount: end - position }, blocks, signal).catch((error: unknown) => {
    const failure = toFileError(error);
    for (const block of blocks) block.fail(failure);
  });
  return blocks;
}

async function pour(
  { store, head }: ObjectSource,
  range: { readonly position: number; readonly byteCount: number },
  blocks: readonly Block[],
  signal: AbortSignal,
): Promise<void> {
  const body = await store.get(head.key, range, { ifMatch: head.etag }, signal);
  let index = 0;
  for await (const chunk of body) {
    let taken = 0;
    while (taken < chunk.length) {
      const block = blocks[index];
      // More than was asked for.
      if (block === undefined) return;
      taken += block.fill(taken === 0 ? chunk : chunk.subarray(taken));
      if (block.isFull) index += 1;
    }
  }
  if (index < blocks.length) {
    throw new FileError('IO_ERROR', undefined, { cause: new Error('the object ended before its size') });
  }
}

/** Up to `byteCount` bytes from the pool; less when it runs out, nothing when it is empty. */
export function pooledMemory(pool: BlockPool, byteCount: number): readonly BlockMemory[] {
  const memories: BlockMemory[] = [];
  for (let left = byteCount; left > 0; left -= BLOCK_BYTES) {
    const buffer = pool.take();
    if (buffer === undefined) break;
    const bytes = left < BLOCK_BYTES ? buffer.subarray(0, left) : buffer;
    memories.push({ bytes, giveBack: () => pool.giveBack(buffer) });
  }
  return memories;
}

/** Memory that no pool knows, for one read. */
export function ownMemory(byteCount: number): BlockMemory {
  return { bytes: Buffer.allocUnsafeSlow(byteCount), giveBack: () => {} };
}
