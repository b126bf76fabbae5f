/** One for all: a canvas for every reading is work for the garbage collector. */
let sheet: OffscreenCanvas | undefined;

/**
 * `alpha`, width × height, 0 … 255, row by row, in one CSS colour: to be drawn, before the next call,
 * on a canvas, which is itself never read. The colour may be any, a system colour too: the browser
 * makes pixels of it.
 */
export function stencil(
  width: number,
  height: number,
  alpha: ArrayLike<number>,
  colour: string,
): OffscreenCanvas {
  const pixels = new ImageData(width, height);
  const { data } = pixels; // once: it is asked of the browser
  for (let i = 0; i < alpha.length; i++) data[4 * i + 3] = alpha[i]!;
  sheet ??= new OffscreenCanvas(width, height);
  [sheet.width, sheet.height] = [width, height]; // which also clears it
  const context = sheet.getContext('2d')!;
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return sheet;
}
