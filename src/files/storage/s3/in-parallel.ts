/** Does many things, a bounded number of them at a time. */

/**
 * Takes the next item when one is done, so that items may be made while they are worked on. After a failure no further
 * item is begun, and those under way are waited for: when this ends, nothing of it goes on.
 *
 * @throws what `action` or `items` threw first
 */
export async function inParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  maxAtATime: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const run = async (item: T): Promise<void> => {
    try {
      await action(item);
    } catch (error) {
      failure ??= { error };
    }
  };
  try {
    for await (const item of items) {
      const work: Promise<void> = run(item).finally(() => underWay.delete(work));
      underWay.add(work);
      if (underWay.size >= maxAtATime) await Promise.race(underWay);
      if (failure !== undefined) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failure !== undefined) throw failure.error;
}
