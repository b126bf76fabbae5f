/** @file Pictures in one colour of the style sheet, of which a script knows only the name. */

/** One for all: a canvas for every reading is work for the garbage collector. */
let sheet: OffscreenCanvas | undefined;

/**
 * Puts `pixels`, of which only alpha counts, on a canvas of their size, in one CSS colour. The canvas is
 * never read, so the colour may be any, a system colour too: the browser makes pixels of it.
 */
export function tint(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  pixels: ImageData,
  colour: string,
): void {
  const context = canvas.getContext('2d') as
    CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = colour;
  context.fillRect(0, 0, pixels.width, pixels.height);
}

/**
 * `alpha`, width × height, 0 … 255, row by row, in one CSS colour: to be drawn on a canvas before the
 * next call.
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
  tint(sheet, pixels, colour);
  return sheet;
}
