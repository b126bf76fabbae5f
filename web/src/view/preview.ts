/** @file The pictures that the network sees. */
import { colourOf } from '../ink/colour';
import { tint } from '../ink/stencil';
import type { Digit } from '../recognizer';

const SIDE = 28;

/** Returns a function that draws what was seen of each digit, side by side, in the canvas' CSS colour. */
export function createPreview(canvas: HTMLCanvasElement) {
  const colour = colourOf(canvas);

  return (digits: readonly Digit[]): void => {
    const pixels = new ImageData(SIDE * Math.max(digits.length, 1), SIDE);
    const { data, width } = pixels;
    digits.forEach(({ image }, k) => {
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          data[4 * (width * y + SIDE * k + x) + 3] = image[SIDE * y + x]!;
        }
      }
    });
    if (canvas.width !== width) canvas.width = width; // else it would be made anew
    tint(canvas, pixels, colour());
  };
}
