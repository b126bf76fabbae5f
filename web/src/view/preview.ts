/** @file The picture that the network sees. */

/** Returns a function that draws 28×28 grey levels 0 … 255, or nothing. */
export function createPreview(canvas: HTMLCanvasElement) {
  const context = canvas.getContext('2d')!;
  return (image?: Float32Array): void => {
    const pixels = new ImageData(28, 28);
    for (let i = 0; i < 28 * 28; i++) pixels.data.set([255, 255, 255, image?.[i] ?? 0], 4 * i);
    context.putImageData(pixels, 0, 0);
  };
}
