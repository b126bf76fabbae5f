/** @file Ten digits, written on the pad stroke by stroke as if by hand. */
import { pen, type Point } from '../ink/drawing';
import type { Pad } from '../ink/pad';

// Where the hand goes, by digit: strokes of x,y in tenths of a canvas 28 by 28. Between these places it
// moves along a smooth curve; where one is named twice it turns sharply.
const HAND: readonly (readonly string[])[] = [
  ['15,5 11,7 9,12 9,17 11,22 14,23 18,21 19,15 18,9 15,5 13,6'],
  ['11,9 14,6 15,5 15,5 15,10 14,17 14,23'],
  ['9,9 11,6 15,5 18,8 17,12 13,17 9,22 9,22 14,22 20,22'],
  ['9,7 13,5 17,7 16,11 13,13 13,13 18,15 18,20 14,23 9,21'],
  ['13,5 11,10 8,16 8,16 14,16 20,15', '17,11 16,17 16,23'],
  ['18,6 12,6 12,6 10,13 10,13 14,12 18,15 18,20 14,23 9,21'],
  ['17,5 12,9 9,15 10,21 14,23 18,20 17,15 13,15 10,18'],
  ['8,6 14,6 20,6 20,6 17,12 14,18 13,23'],
  ['17,7 13,5 10,8 13,12 17,16 18,20 14,23 10,20 11,16 15,12 18,9 17,6 15,5'],
  ['18,9 15,5 10,8 10,12 14,14 18,9 18,9 18,15 16,23'],
];

const SPEED = 0.42; // canvas units a millisecond
const STEP = 4; // canvas units from point to point, about what a hand gives
const LIFT = 120; // ms between two strokes

/**
 * Fills `element` with a button for each digit, which ends the stroke in hand, has `pad` cleared and the
 * digit written on it: at once where the user wants no motion. Any press of a key or a pointer ends that
 * where it is, as does the function that it returns.
 */
export function createExamples(element: HTMLElement, pad: Pad, onStart: () => void): () => void {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let stop = () => {};

  async function write(digit: number, signal: AbortSignal): Promise<void> {
    for (const hand of HAND[digit]!) {
      const points = curve(hand.split(' ').map(placeOf));
      const start = performance.now();
      pad.begin(pen);
      for (let drawn = 0, next = 0; drawn < points.length; drawn = next) {
        const ms = still.matches ? Infinity : (await nextFrame()) - start;
        if (signal.aborted) return;
        next = Math.max((ms * SPEED) / STEP, drawn);
        pad.extend(points.slice(drawn, next));
      }
      pad.end();
      if (!still.matches) await new Promise((resolve) => setTimeout(resolve, LIFT));
      if (signal.aborted) return;
    }
    stop();
  }

  function start(digit: number): void {
    stop();
    pad.end();
    onStart();
    const ending = new AbortController();
    stop = () => {
      if (ending.signal.aborted) return;
      ending.abort(); // which also takes the listeners away
      pad.end();
    };
    for (const press of ['pointerdown', 'keydown']) {
      addEventListener(press, stop, { capture: true, signal: ending.signal });
    }
    void write(digit, ending.signal);
  }

  HAND.forEach((_, digit) => {
    const button = document.createElement('button');
    button.textContent = String(digit);
    button.addEventListener('click', () => start(digit));
    element.append(button);
  });
  return () => stop();
}

const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

function placeOf(text: string): Point {
  const [x, y] = text.split(',').map(Number);
  return [10 * x!, 10 * y!];
}

/** Points along the Catmull-Rom spline through `places`, no farther apart than {@link STEP} or little more. */
function curve(places: readonly Point[]): Point[] {
  const between = places.slice(1).flatMap((to, i): Point[] => {
    const from = places[i]!;
    const around = [places[i - 1] ?? from, from, to, places[i + 2] ?? to] as const;
    const n = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / STEP);
    return Array.from({ length: n }, (_, k) => [
      spline(
        around.map(([x]) => x),
        (k + 1) / n,
      ),
      spline(
        around.map(([, y]) => y),
        (k + 1) / n,
      ),
    ]);
  });
  return [places[0]!, ...between];
}

/** The value at t, 0 … 1, of the uniform Catmull-Rom spline from b to c, where a comes before and d after. */
function spline(values: readonly number[], t: number): number {
  const [a, b, c, d] = values as [number, number, number, number];
  return b + (t / 2) * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
