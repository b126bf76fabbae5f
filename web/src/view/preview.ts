/** @file The pictures that the network sees. */
import type { Digit } from '../recognizer';

const SIDE = 28;

/** Returns a function that draws what was seen of each digit, side by side, in the canvas' CSS colour. */
export function createPreview(canvas: HTMLCanvasElement) {
  const context = canvas.getContext('2d')!;
  return (digits: readonly Digit[]): void => {
    canvas.width = SIDE * Math.max(digits.length, 1); // which also clears it
    const pixels = new ImageData(canvas.width, SIDE);
    digits.forEach(({ image }, k) => {
      image.forEach((ink, i) => {
        const [x, y] = [k * SIDE + (i % SIDE), Math.floor(i / SIDE)];
        pixels.data[4 * (y * canvas.width + x) + 3] = ink;
      });
    });
    context.putImageData(pixels, 0, 0);
    context.globalCompositeOperation = 'source-in';
    context.fillStyle = getComputedStyle(canvas).color;
    context.fillRect(0, 0, canvas.width, SIDE);
  };
}
