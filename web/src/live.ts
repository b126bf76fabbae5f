/** @file What is done again and again while someone draws: the newest counts. */

/**
 * Wraps `fn` for a caller that only wants the newest answer: one call is in flight, and of those that come
 * meanwhile the newest waits.
 * @returns a function whose calls resolve to what `fn` gives (or reject as it does), or to undefined,
 * without calling `fn`, when a newer call came while they waited
 */
export function latest<Args extends unknown[], Result>(
  fn: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result | undefined> {
  let inFlight: Promise<unknown> = Promise.resolve();
  let newest = 0;
  return async (...args) => {
    const call = ++newest;
    await inFlight;
    if (call !== newest) return undefined;
    const result = fn(...args);
    inFlight = result.catch(() => {}); // its own caller hears of the error
    return result;
  };
}

/**
 * Returns a function that calls `fn` after the next frame, once, with the newest value it was given. The
 * frame itself, which shows the ink, does not wait for it.
 */
export function perFrame<T>(fn: (value: T) => void): (value: T) => void {
  let newest: { value: T } | undefined;
  function call(): void {
    fn(newest!.value);
    newest = undefined;
  }
  return (value) => {
    if (!newest) requestAnimationFrame(() => setTimeout(call));
    newest = { value };
  };
}
