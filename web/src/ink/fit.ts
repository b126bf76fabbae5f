/**
 * @file A drawing as its reader wants it: only what is left of the strokes, always as large, always
 * with the same pen. `inkgrad/fit.py` gives the same doubles, for the reason that raster.ts gives.
 */
import type { Drawing, Point, Stroke } from './drawing';
import { clamp, MASK } from './raster';

// MNIST's strokes are 2.4 px thick in a digit 20 px long (2·area/perimeter, median of the first 10,000
// training images; quartiles 2.0 and 2.8). Ink that is 80 of 112 mask pixels long has four to each of
// those, and a pen of 10 gives 2.5.
export const BOX = 80;
const PEN = 10;

/** A rectangle in the units of what it bounds. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/**
 * The strokes, of pens alone (see {@link visible}), on a canvas of 112 units: their ink 80 long,
 * centred, drawn with one pen. So a digit looks the same whatever its size, place and brush. Ink no
 * larger than its own brush, such as a dot, is not magnified as if it were a digit: the brush then
 * stands for the extent.
 */
export function fit({ size, strokes }: Drawing): Drawing {
  const box = boxOf(strokes);
  if (!box) return { size: MASK, strokes: [] };
  const { x0, y0, x1, y1 } = box;
  const extent = Math.max(x1 - x0, y1 - y0, size / 280, widest(strokes));
  const scale = (BOX - PEN) / extent;
  const left = MASK / 2 - ((x0 + x1) / 2) * scale;
  const top = MASK / 2 - ((y0 + y1) / 2) * scale;
  const fitted = ({ points }: Stroke): Stroke => ({
    width: PEN,
    erase: false,
    points: points.map(([x, y]): Point => [x * scale + left, y * scale + top]),
  });
  return { size: MASK, strokes: strokes.map(fitted) };
}

/** Around the strokes' points, pens left aside; undefined if there is none. */
export function boxOf(strokes: readonly Stroke[]): Box | undefined {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points } of strokes) {
    for (const [x, y] of points) {
      x0 = Math.min(x0, x);
      y0 = Math.min(y0, y);
      x1 = Math.max(x1, x);
      y1 = Math.max(y1, y);
    }
  }
  return x0 <= x1 ? { x0, y0, x1, y1 } : undefined;
}

/** Not by Math.max(...), which takes some 100,000 arguments. */
const widest = (strokes: readonly Stroke[]) =>
  strokes.reduce((most, { width }) => Math.max(most, width), 0);

/** Around the strokes' ink. */
export function inkBox(strokes: readonly Stroke[]): Box | undefined {
  const box = boxOf(strokes);
  const radius = widest(strokes) / 2;
  return (
    box && { x0: box.x0 - radius, y0: box.y0 - radius, x1: box.x1 + radius, y1: box.y1 + radius }
  );
}

/**
 * The pen strokes, or the parts of them, that an eraser did not cover afterwards and that lie on the
 * canvas. A part goes where its centre line does: within half the eraser's width of the eraser's line.
 */
export function visible({ size, strokes }: Drawing): Drawing {
  const erasers = strokes.filter(({ erase }) => erase); // those still to come
  const left = strokes.flatMap((stroke) => {
    if (!stroke.erase) return partsLeft(stroke, erasers, size);
    erasers.shift();
    return [];
  });
  return { size, strokes: left };
}

/** What is left of a stroke, and what that was made of. */
interface Left {
  readonly size: number;
  readonly erasers: readonly Stroke[];
  /** How many points the stroke and each eraser had: some callers add to the points of one in hand. */
  readonly counts: readonly number[];
  readonly parts: readonly Stroke[];
}

const known = new WeakMap<Stroke, Left>();
const isSame = <T>(a: readonly T[], b: readonly T[]) =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/**
 * The same objects as the last time, for the same stroke and the same erasers, so that what was read of
 * them need not be read again; of a stroke that is left as it is, the stroke itself.
 */
function partsLeft(stroke: Stroke, erasers: readonly Stroke[], size: number): readonly Stroke[] {
  const counts = [stroke, ...erasers].map(({ points }) => points.length);
  const last = known.get(stroke);
  if (last?.size === size && isSame(last.erasers, erasers) && isSame(last.counts, counts)) {
    return last.parts;
  }
  const parts = cut(stroke, erasers, size);
  known.set(stroke, { size, erasers: [...erasers], counts, parts });
  return parts;
}

function cut(stroke: Stroke, erasers: readonly Stroke[], size: number): Stroke[] {
  const points = within(stroke, size);
  const isOn = ([x, y]: Point) => 0 <= x && x <= size && 0 <= y && y <= size;
  if (erasers.length === 0 && points.every(isOn)) {
    if (points.length === 0) return [];
    return [points.length === stroke.points.length ? stroke : { ...stroke, points }];
  }
  const lines = erasers.map((eraser) => ({ width: eraser.width, line: within(eraser, size) }));
  const parts: Point[][] = [[]];
  for (const point of densify(points, size / 280)) {
    const isErased = lines.some(
      ({ width, line }) => nearestSquared(point, line) <= (width * width) / 4,
    );
    if (isOn(point) && !isErased) parts.at(-1)!.push(point);
    else if (parts.at(-1)!.length > 0) parts.push([]);
  }
  return parts.filter((part) => part.length > 0).map((part) => ({ ...stroke, points: part }));
}

/** The finite points, no farther from the canvas than its own size, so that work on them is bounded. */
const within = ({ points }: Stroke, size: number): Point[] =>
  points
    .filter((point) => point.every(Number.isFinite))
    .map(([x, y]): Point => [clamp(x, -size, 2 * size), clamp(y, -size, 2 * size)]);

/** The polyline with points at most `step` apart. */
function densify(points: readonly Point[], step: number): Point[] {
  const dense = points.slice(0, 1);
  for (let k = 1; k < points.length; k++) {
    const [ax, ay] = points[k - 1]!;
    const dx = points[k]![0] - ax;
    const dy = points[k]![1] - ay;
    const n = Math.max(Math.ceil(Math.sqrt(dx * dx + dy * dy) / step), 1);
    for (let i = 1; i <= n; i++) dense.push([ax + dx * (i / n), ay + dy * (i / n)]);
  }
  return dense;
}

/** The squared distance from a point to a polyline; Infinity to one without points. */
function nearestSquared([x, y]: Point, line: readonly Point[]): number {
  let nearest = Infinity;
  let [ax, ay] = line[0] ?? [0, 0];
  for (const [bx, by] of line) {
    const px = x - ax;
    const py = y - ay;
    const dx = bx - ax;
    const dy = by - ay;
    const length2 = dx * dx + dy * dy;
    const t = length2 > 0 ? clamp((px * dx + py * dy) / length2, 0, 1) : 0;
    const ex = px - t * dx;
    const ey = py - t * dy;
    nearest = Math.min(nearest, ex * ex + ey * ey);
    [ax, ay] = [bx, by];
  }
  return nearest;
}
