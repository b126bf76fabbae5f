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
