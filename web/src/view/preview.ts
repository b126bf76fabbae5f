/** @file The pictures that the network sees. */
import { stencil } from '../ink/stencil';
import type { Digit } from '../recognizer';

const SIDE = 28;

/** Returns a function that draws what was seen of each digit, side by side, in the canvas' CSS colour. */
export function createPreview(canvas: HTMLCanvasElement) {
  return (digits: readonly Digit[]): void => {
    const { color } = getComputedStyle(canvas);
    canvas.width = SIDE * Math.max(digits.length, 1); // which also clears it
    digits.forEach(({ image }, k) => {
      canvas.getContext('2d')!.drawImage(stencil(SIDE, SIDE, image, color), k * SIDE, 0);
    });
  };
}
