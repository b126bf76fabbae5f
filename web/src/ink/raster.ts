/**
 * @file From strokes to a mask of ink coverage. `inkgrad/ink.py` gives the same bytes: both use only
 * + − × ÷ √ in double precision, in the same order, which IEEE 754 rounds alike everywhere.
 */
import type { Drawing, Point, Stroke } from './drawing';

/** Pixels a side of the mask that is normalised: four to a pixel of the 28 × 28 picture. */
export const MASK = 112;

// Farther out than any pen, near enough for squared distances to stay exact to 1e-9 pixels.
const FAR = 1e6;

/** NaN gives `low`: every comparison with NaN is false. */
export const clamp = (x: number, low: number, high: number) =>
  x > low ? (x < high ? x : high) : low;

/**
 * Draws strokes as capsules around their segments, anti-aliased over one pixel by the distance d of
 * the pixel's centre to the stroke's centre line: coverage = clamp(radius + ½ − d, 0, 1), in pixels.
 * A stroke thinner than one pixel is drawn one pixel wide, so that it cannot fall between the pixel
 * centres and vanish. A pen keeps the larger coverage, an eraser lowers it to what it leaves over.
 * Points that are not finite are skipped.
 *
 * @param size pixels a side of the square mask, into which the whole canvas is scaled
 * @returns coverage 0 (paper) … 255 (ink), `size × size`, row by row
 */
export function rasterize(drawing: Drawing, size = MASK): Uint8Array {
  const mask = new Uint8Array(size * size);
  drawOn(mask, drawing, size);
  return mask;
}

/** Draws the strokes over the ink that `mask` has. */
export function drawOn(mask: Uint8Array, drawing: Drawing, size: number): void {
  const scale = size / drawing.size;
  for (const stroke of drawing.strokes) {
    const radius = clamp((stroke.width * scale) / 2, 0.5, FAR);
    const { x0, y0, x1, y1 } = measure(stroke, scale, radius + 0.5, size);
    for (let y = y0; y < y1; y++) {
      for (let i = y * size + x0; i < y * size + x1; i++) {
        const coverage = clamp(radius + 0.5 - Math.sqrt(squared[i]!), 0, 1);
        const ink = Math.floor(255 * coverage + 0.5);
        mask[i] = stroke.erase ? Math.min(mask[i]!, 255 - ink) : Math.max(mask[i]!, ink);
      }
    }
  }
}

/** One for all strokes: 100 kB for each is work for the garbage collector. */
let squared = new Float64Array(MASK * MASK);

/**
 * Writes to `squared`, row by row, each pixel's squared distance to the stroke's centre line, in pixels;
 * Infinity out of `reach`.
 * @returns the pixels that the stroke may reach: those of large canvases are many, and most are far
 */
function measure({ points }: Stroke, scale: number, reach: number, size: number) {
  const pixels = points
    .filter((point) => point.every(Number.isFinite))
    .map(([x, y]): Point => [clamp(x * scale, -FAR, FAR), clamp(y * scale, -FAR, FAR)]);
  const all = near(pixels, reach, size);
  if (squared.length < size * size) squared = new Float64Array(size * size);
  squared.fill(Infinity, all.y0 * size, all.y1 * size);
  // The first segment leads from the first point to itself, so that a single point leaves a dot.
  let [ax, ay] = pixels[0] ?? [0, 0];
  for (const [bx, by] of pixels) {
    const { x0, y0, x1, y1 } = near([[ax, ay], [bx, by]], reach, size); // prettier-ignore
    const dx = bx - ax;
    const dy = by - ay;
    const length2 = dx * dx + dy * dy;
    for (let y = y0; y < y1; y++) {
      const py = y + 0.5 - ay;
      for (let x = x0; x < x1; x++) {
        const px = x + 0.5 - ax;
        // t: where on the segment, from 0 to 1, lies the point nearest to the pixel's centre.
        const t = length2 > 0 ? clamp((px * dx + py * dy) / length2, 0, 1) : 0;
        const ex = px - t * dx;
        const ey = py - t * dy;
        const i = y * size + x;
        squared[i] = Math.min(squared[i]!, ex * ex + ey * ey);
      }
    }
    [ax, ay] = [bx, by];
  }
  return all;
}

/** The pixels from (x0, y0) to before (x1, y1), no more than `reach` away from the points' box. */
function near(points: readonly Point[], reach: number, size: number) {
  let [x0, y0, x1, y1] = [size, size, 0, 0];
  for (const [x, y] of points) {
    x0 = Math.min(x0, Math.max(Math.floor(x - reach), 0));
    y0 = Math.min(y0, Math.max(Math.floor(y - reach), 0));
    x1 = Math.max(x1, Math.min(Math.ceil(x + reach), size));
    y1 = Math.max(y1, Math.min(Math.ceil(y + reach), size));
  }
  return { x0, y0, x1, y1 };
}
