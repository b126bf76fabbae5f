/**
 * @file iPadOS Scribble takes quick strokes of an Apple Pencil for handwriting that some text field wants,
 * and the canvas never hears of them (https://bugs.webkit.org/show_bug.cgi?id=217430, marked as fixed in
 * 2022, still reported). Delete when the oldest iPadOS that is to be served draws a 4 without.
 */

/** A canvas whose touches scroll nothing loses nothing when their moves have no default. */
export function withoutScribble(canvas: HTMLCanvasElement): void {
  canvas.addEventListener('touchmove', (event) => event.preventDefault(), { passive: false });
}
