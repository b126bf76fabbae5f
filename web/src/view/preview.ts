/** @file The picture that the network sees. */

/** Returns a function that draws 28×28 grey levels 0 … 255 in the canvas' CSS colour, or nothing. */
export function createPreview(canvas: HTMLCanvasElement) {
  const context = canvas.getContext('2d')!;
  return (image?: Float32Array): void => {
    const pixels = new ImageData(28, 28);
    image?.forEach((ink, i) => (pixels.data[4 * i + 3] = ink));
    context.putImageData(pixels, 0, 0);
    context.globalCompositeOperation = 'source-in';
    context.fillStyle = getComputedStyle(canvas).color;
    context.fillRect(0, 0, 28, 28);
  };
}
