/** Returns a function that calls `fn` at the next frame, once, with the newest value it was given. */
export function perFrame<T>(fn: (value: T) => void): (value: T) => void {
  let newest: { value: T } | undefined;
  return (value) => {
    if (!newest) {
      requestAnimationFrame(() => {
        fn(newest!.value);
        newest = undefined;
      });
    }
    newest = { value };
  };
}
