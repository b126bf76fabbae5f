/**
 * @file A number that glides to where it should be, frame by frame.
 *
 * A CSS transition would do it in a line. But each reading begins ten of them anew while one draws, and
 * Chromium computes their styles again for every frame: without them the 99th percentile of the page's
 * tasks fell from 28 to 18 ms (medians of four runs and seven; `inkgrad bench growth` measures tasks).
 */

/** ms; after three times as long a twentieth of the way is left. */
const TIME = 50;

const still = matchMedia('(prefers-reduced-motion: reduce)');

/**
 * @param show shows the number, in hundredths: called with each that is new. It starts at 0.
 * @returns a function that takes where the number goes; where the user wants no motion it is there at once
 */
export function glide(show: (hundredths: number) => void): (goal: number) => void {
  let [value, goal, shown] = [0, 0, 0];
  let then: number | undefined; // when the last frame was, of those that move it

  function put(next: number): void {
    value = next;
    if (shown !== Math.round(100 * value)) show((shown = Math.round(100 * value)));
  }

  function move(now: number): void {
    // A frame may bear a time before what asked for it.
    const left = (goal - value) * Math.exp(Math.min(then! - now, 0) / TIME);
    put(Math.abs(left) < 0.01 ? goal : goal - left);
    then = value === goal ? undefined : now;
    if (then !== undefined) requestAnimationFrame(move);
  }

  return (next) => {
    goal = next;
    if (still.matches) return put(goal);
    if (then !== undefined || value === goal) return;
    then = performance.now();
    requestAnimationFrame(move);
  };
}
