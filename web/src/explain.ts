/**
 * @file Why a network reads a digit: what becomes of its answer when ink is taken from the picture, or
 * put on it, patch by patch. Occlusion as in Zeiler & Fergus, "Visualizing and Understanding
 * Convolutional Networks", 2014.
 */

const SIDE = 28;
const PATCH = 4; // pixels a side: a stroke is 2 to 3 wide
const STEP = 2; // pixels from patch to patch
const MARGIN = 2; // pixels at each edge left alone: MNIST's digits stand in the middle 20

/** A square of the picture made paper or ink. */
export interface Edit {
  /** Its middle, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly pixels: readonly number[];
  /** 0 (paper) or 255 (ink). */
  readonly level: number;
}

/** What an edit does to the log-odds of a digit. */
export interface Effect extends Edit {
  readonly change: number;
}

/**
 * The effect on each of `digits` of each edit that changes the picture, all in one batch.
 * @param image 28 × 28, row by row, 0 (paper) … 255 (ink)
 * @param classifyAll gives the logits of pictures
 */
export async function explain(
  image: Float32Array,
  digits: readonly number[],
  classifyAll: (images: Float32Array[]) => Promise<readonly Float32Array[]>,
): Promise<Effect[][]> {
  const edits = [0, 255]
    .flatMap((level) => squares().map((square) => ({ ...square, level })))
    .filter(({ pixels, level }) => pixels.some((i) => image[i] !== level));
  const edited = edits.map(({ pixels, level }) => {
    const copy = image.slice();
    for (const i of pixels) copy[i] = level;
    return copy;
  });
  const [before, ...after] = await classifyAll([image, ...edited]);
  return digits.map((digit) =>
    edits.map((edit, k) => {
      return { ...edit, change: logOdds(after[k]!, digit) - logOdds(before!, digit) };
    }),
  );
}

/** By pixel, 28 × 28: the mean change by those edits to `level` that cover it; 0 where none does. */
export function map(effects: readonly Effect[], level: number): Float32Array {
  const [sum, count] = [new Float32Array(SIDE * SIDE), new Float32Array(SIDE * SIDE)];
  for (const { pixels, change } of effects.filter((effect) => effect.level === level)) {
    for (const i of pixels) {
      sum[i]! += change;
      count[i]! += 1;
    }
  }
  return sum.map((total, i) => total / Math.max(count[i]!, 1));
}

function squares(): Omit<Edit, 'level'>[] {
  const starts: number[] = [];
  for (let start = MARGIN; start + PATCH <= SIDE - MARGIN; start += STEP) starts.push(start);
  const offsets = Array.from({ length: PATCH }, (_, i) => i);
  return starts.flatMap((top) =>
    starts.map((left) => ({
      x: left + PATCH / 2,
      y: top + PATCH / 2,
      pixels: offsets.flatMap((y) => offsets.map((x) => (top + y) * SIDE + left + x)),
    })),
  );
}

/** ln(p / (1 − p)) of the softmax' p. */
function logOdds(logits: Float32Array, digit: number): number {
  const others = [...logits].filter((_, other) => other !== digit);
  const largest = Math.max(...others);
  const sum = others.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return logits[digit]! - largest - Math.log(sum);
}
