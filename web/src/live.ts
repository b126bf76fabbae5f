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

/** ms that a frame may wait: it comes each 17, of which the browser takes a good part (see bench/README.md). */
const QUICK = 5;

/**
 * Returns a function that calls `fn` once a frame, with the newest value it was given: after the frame, so
 * that the ink, which it shows, does not wait; but where `fn` is quick, before it, so that ink and answer
 * are shown together.
 * @param took milliseconds of the last call; 0 or undefined before there is one worth measuring
 */
export function perFrame<T>(
  fn: (value: T) => void,
  took: () => number | undefined = () => undefined,
): (value: T) => void {
  let newest: { value: T } | undefined;
  let pace = 2 * QUICK; // of the last calls: one alone may be quick, or slow, by chance

  function call(): void {
    const { value } = newest!;
    newest = undefined;
    fn(value);
  }
  return (value) => {
    if (!newest) {
      pace += ((took() || pace) - pace) / 8;
      requestAnimationFrame(pace < QUICK ? call : () => setTimeout(call));
    }
    newest = { value };
  };
}
