/** @file The colours of the user: what is drawn in them is drawn again when they change. */

const COLOURS = ['(prefers-color-scheme: dark)', '(forced-colors: active)'];

export function onNewColours(listener: () => void, options?: AddEventListenerOptions): void {
  for (const colours of COLOURS) matchMedia(colours).addEventListener('change', listener, options);
}

/**
 * Returns a function that tells the CSS `color` of `element`. It asks the browser only when the user's
 * colours have changed: for each answer that computes the styles of whatever in the page is new.
 */
export function colourOf(element: Element): () => string {
  const style = getComputedStyle(element);
  let known: string | undefined;
  onNewColours(() => (known = undefined));
  return () => (known ??= style.color);
}
