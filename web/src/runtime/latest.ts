/** @file One call in flight; the newest of those that come meanwhile waits, the others are dropped. */

/**
 * Wraps `fn` for a caller that only wants the newest answer, such as live prediction.
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
