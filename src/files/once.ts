/** A callback that takes effect the first time only: what is given back twice would be lent to two. */

export function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
