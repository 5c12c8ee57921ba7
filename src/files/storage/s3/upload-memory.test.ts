import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MIB, OVERWRITE, someBytes, Uploading, writeAll } from './testing/uploading.ts';
import { CHUNK_BYTES, type UploadAccount, UploadMemory } from './upload-memory.ts';

const CLAIM = 5 * MIB;
const never = new AbortController().signal;

/** Room for three claims. */
function smallMemory(nowMs = () => 0): UploadMemory {
  return new UploadMemory({ maxBytes: 20 * MIB, nowMs });
}

function open(memory: UploadMemory): UploadAccount {
  return memory.open((error) => assert.fail(error));
}

/** An account with a whole claim. */
async function claimed(memory: UploadMemory): Promise<UploadAccount> {
  const account = open(memory);
  await account.hold('claim', CLAIM, never);
  return account;
}

/** Whether the wait is over, in either way. */
async function isOver(waiting: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  waiting.then(settle, settle);
  await new Promise((resolve) => setImmediate(resolve));
  return isSettled;
}

describe('upload memory', () => {
  it('chunks - are all kept for the next part under load, and a few of them afterwards', async () => {
    const memory = new UploadMemory({ maxBytes: 64 * MIB });
    const account = open(memory);
    const take = () => Array.from({ length: (48 * MIB) / CHUNK_BYTES }, () => account.takeChunk());
    const chunks = take();
    account.giveBackChunks(chunks);
    assert.equal(memory.idleBytes, 48 * MIB);
    const again = new Set(take());
    assert.ok(chunks.every((chunk) => again.has(chunk)));
    account.giveBackChunks(again);
    account.close();
    assert.equal(memory.idleBytes, 32 * MIB);
  });

  it('F-62 claims - are given in the order they were asked for', async () => {
    const memory = smallMemory();
    const [first, second] = [await claimed(memory), await claimed(memory), await claimed(memory)];
    const third = open(memory).hold('claim', CLAIM, never);
    const fourth = open(memory).hold('claim', CLAIM, never);
    assert.equal(memory.waitingUploads, 2);
    first?.close();
    assert.deepEqual([await isOver(third), await isOver(fourth)], [true, false]);
    second?.close();
    assert.ok(await isOver(fourth));
  });

  it('claims - an upload with nothing on its way goes before the next part of another', async () => {
    const memory = smallMemory();
    const [busy, other] = [await claimed(memory), await claimed(memory), await claimed(memory)];
    const end = busy?.send([busy.takeChunk()]);
    busy?.shrink(0);
    await open(memory).hold('claim', CLAIM, never);
    const further = busy?.hold('claim', CLAIM, never) ?? assert.fail();
    const first = open(memory).hold('claim', CLAIM, never);
    other?.close();
    assert.deepEqual([await isOver(first), await isOver(further)], [true, false]);
    end?.();
    assert.ok(!(await isOver(further)));
  });

  it('starters - pass those who wait for a claim, up to a quarter of the memory', async () => {
    const memory = smallMemory();
    await Promise.all([claimed(memory), claimed(memory), claimed(memory)]);
    const waiting = open(memory).hold('claim', CLAIM, never);
    const starters = Array.from({ length: 100 }, () => open(memory).hold('starter', CHUNK_BYTES, never));
    assert.ok(await isOver(starters[0] ?? assert.fail()));
    assert.ok(!(await isOver(starters.at(-1) ?? assert.fail())));
    assert.ok(!(await isOver(waiting)));
    assert.ok(memory.usedBytes <= memory.maxBytes);
  });

  it('starters - that wait for their share do not hold up claims', async () => {
    const memory = smallMemory();
    const starters = Array.from({ length: 100 }, () => open(memory).hold('starter', CHUNK_BYTES, never));
    assert.ok(!(await isOver(starters.at(-1) ?? assert.fail())));
    await open(memory).hold('claim', CLAIM, never);
  });

  it('bytes ahead of a gap - may use what claims must leave', async () => {
    const memory = smallMemory();
    const account = await claimed(memory);
    await Promise.all([claimed(memory), claimed(memory)]);
    await account.hold('ahead', CLAIM + 4 * MIB, never);
    assert.equal(memory.usedBytes, 19 * MIB);
  });

  it('bytes ahead of a gap - do not wait behind claims, which have other memory', async () => {
    const memory = smallMemory();
    const ahead = await claimed(memory);
    await Promise.all([claimed(memory), claimed(memory)]);
    const claim = open(memory).hold('claim', CLAIM, never);
    await ahead.hold('ahead', CLAIM + MIB, never);
    assert.equal(await isOver(claim), false);
  });

  it('bytes ahead of a gap - when all who hold memory wait for more, the furthest ahead is refused', async () => {
    const memory = smallMemory();
    const [far, near] = [open(memory), open(memory)];
    await far.hold('ahead', 12 * MIB, never);
    await near.hold('ahead', 8 * MIB, never);
    const further = far.hold('ahead', 13 * MIB, never);
    const nearer = near.hold('ahead', 9 * MIB, never);
    const refused = assert.rejects(further, { code: 'LIMIT_EXCEEDED' });
    memory.check();
    await refused;
    assert.equal(await isOver(nearer), false);
    far.close();
    await nearer;
  });

  it('waiting - ends with its signal', async () => {
    const memory = smallMemory();
    await Promise.all([claimed(memory), claimed(memory), claimed(memory)]);
    const session = new AbortController();
    const waiting = open(memory).hold('claim', CLAIM, session.signal);
    session.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    await assert.rejects(open(memory).hold('claim', CLAIM, session.signal), { code: 'ABORTED' });
    assert.equal(memory.waitingUploads, 0);
  });

  it('waiting - ends with LIMIT_EXCEEDED after four minutes', async () => {
    let nowMs = 0;
    const memory = smallMemory(() => nowMs);
    const holders = await Promise.all([claimed(memory), claimed(memory), claimed(memory)]);
    const waiting = open(memory).hold('claim', CLAIM, never);
    nowMs = 239_000;
    for (const holder of holders) holder.takeChunk();
    memory.check();
    assert.ok(!(await isOver(waiting)));
    nowMs = 240_000;
    memory.check();
    await assert.rejects(waiting, { code: 'LIMIT_EXCEEDED' });
  });

  it('idle upload - keeps its memory as long as nobody waits', async () => {
    let nowMs = 0;
    const memory = smallMemory(() => nowMs);
    await claimed(memory);
    nowMs = 3_600_000;
    memory.check();
    assert.equal(memory.usedBytes, CLAIM);
  });

  it('idle upload - is given up for those who wait, the longest idle first', async () => {
    let nowMs = 0;
    const memory = smallMemory(() => nowMs);
    const givenUp: string[] = [];
    const holder = async (name: string, atMs: number): Promise<UploadAccount> => {
      nowMs = atMs;
      const account = memory.open(({ code }) => {
        givenUp.push(`${name} ${code}`);
        account.close();
      });
      await account.hold('claim', CLAIM, never);
      return account;
    };
    const slow = await holder('slow', 0);
    await holder('idle', 1000);
    await holder('later', 2000);
    nowMs = 30_000;
    slow.takeChunk();
    const waiting = open(memory).hold('claim', CLAIM, never);
    nowMs = 39_000;
    memory.check();
    assert.deepEqual(givenUp, []);
    nowMs = 40_000;
    memory.check();
    assert.deepEqual(givenUp, ['idle LIMIT_EXCEEDED']);
    assert.ok(await isOver(waiting));
  });

  it('upload that waits for the store - is not idle', async () => {
    let nowMs = 0;
    const memory = smallMemory(() => nowMs);
    const [account] = [await claimed(memory), await claimed(memory), await claimed(memory)];
    const store = Promise.withResolvers<void>();
    const busy = account?.during(() => store.promise);
    nowMs = 60_000;
    store.resolve();
    await busy;
    assert.equal(account?.progressMs, 60_000);
  });

  it('idle client - its handle tells why it was given up, and leaves nothing', async () => {
    let nowMs = 0;
    const memory = smallMemory(() => nowMs);
    const uploading = new Uploading({ memory, firstPartBytes: CLAIM });
    const idle = await Promise.all(['a', 'b', 'c'].map((key) => uploading.open(OVERWRITE, key)));
    for (const handle of idle) await writeAll(handle, someBytes(6 * MIB));
    const handle = await uploading.open();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const writing = writeAll(handle, someBytes(10 * MIB));
    while (memory.waitingUploads === 0) await new Promise((resolve) => setImmediate(resolve));
    nowMs = 60_000;
    memory.check();
    await writing;
    await handle.close();
    const outcomes = await Promise.allSettled(idle.map((each) => each.close()));
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.deepEqual(
      failed.map(({ reason }) => reason.code),
      ['LIMIT_EXCEEDED'],
    );
    assert.equal(uploading.stored()?.length, 10 * MIB);
    assert.ok(uploading.isClean);
  });

  it('F-62 50 uploads side by side - all end, within the budget', async () => {
    const memory = new UploadMemory({ maxBytes: 96 * MIB });
    const uploading = new Uploading({ memory });
    uploading.store.before = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    const bytes = someBytes(11 * MIB);
    let maxUsedBytes = 0;
    const upload = async (_: unknown, index: number): Promise<void> => {
      const handle = await uploading.open(OVERWRITE, `file-${index}`);
      for (let at = 0; at < bytes.length; at += MIB) {
        await handle.write([bytes.subarray(at, at + MIB)], at);
        maxUsedBytes = Math.max(maxUsedBytes, memory.usedBytes);
        if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await handle.close();
      assert.ok(uploading.stored(`file-${index}`)?.equals(bytes));
      uploading.store.contents.remove(`file-${index}`);
    };
    await Promise.all(Array.from({ length: 50 }, upload));
    assert.ok(maxUsedBytes > 64 * MIB && maxUsedBytes <= 96 * MIB);
    assert.ok(uploading.isClean);
  });

  it('F-62 any mix of uploads, failures and ends - gives all memory back', async () => {
    const upload = fc.record({
      writes: fc.array(fc.nat(3 * MIB), { maxLength: 6 }),
      gap: fc.boolean(),
      end: fc.constantFrom('close', 'failed', 'disconnected'),
    });
    const faults = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });
    const bytes = someBytes(3 * MIB);
    await fc.assert(
      fc.asyncProperty(
        fc.array(upload, { maxLength: 12 }),
        faults,
        fc.boolean(),
        async (uploads, plan, cut) => {
          const memory = new UploadMemory({ maxBytes: 16 * MIB });
          const uploading = new Uploading({ memory, firstPartBytes: CLAIM });
          uploading.store.before = async ({ name }) => {
            const fails = plan[uploading.store.calls.length % plan.length] === true;
            if (fails && name !== 'abortUpload') throw new Error('as planned');
          };
          let maxUsedBytes = 0;
          const run = async (
            { writes, gap, end }: (typeof uploads)[number],
            index: number,
          ): Promise<void> => {
            const handle = await uploading.open(OVERWRITE, `file-${index}`);
            let at = gap ? 1 : 0;
            try {
              for (const byteCount of writes) {
                await handle.write([bytes.subarray(0, byteCount)], at);
                at += byteCount;
                maxUsedBytes = Math.max(maxUsedBytes, memory.usedBytes);
              }
              if (end === 'close') return await handle.close();
            } catch {
              // Whatever went wrong, the end comes all the same.
            }
            await handle.abort(end === 'disconnected' ? 'disconnected' : 'failed');
          };
          const running = uploads.map(run);
          if (cut) setImmediate(() => uploading.session.abort());
          await Promise.all(running);
          assert.ok(maxUsedBytes <= memory.maxBytes);
          assert.ok(uploading.isClean);
        },
      ),
      { numRuns: 40 },
    );
  });
});
