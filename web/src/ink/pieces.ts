/**
 * @file A picture's ink to its pieces, from left to right, and the mask of any group of them.
 * `inkgrad/pieces.py` gives the same bytes: all is whole numbers.
 */
import { type Box, BOX } from './fit';
import type { Picture } from './picture';
import { MASK } from './raster';
import { around } from './segment';

/** Pixels of row y from x0 to the one before x1. */
export type Run = readonly [y: number, x0: number, x1: number];

/** Ink that hangs together: its runs from top to bottom, their box in pixels, and how many pixels. */
export interface Piece {
  readonly runs: readonly Run[];
  readonly box: Box;
  readonly area: number;
}

/** Pieces of a picture or a drawing: one of something else has thousands. */
export const MOST = 64;
/** Strokes of `fit`'s pen are 7 to 8 pixels thick as {@link thickness} measures them. */
const THICK = 8;

/**
 * The pieces that may be digits or parts of them, by the middles of their boxes from left to right.
 *
 * Dropped are specks, rules and underlines that are longer than digits are high, and what the picture's
 * edge cuts off (the page's border, the table) unless it is about as high as what the edge does not
 * touch. At most MOST are kept, the largest.
 */
export function pieces(picture: Picture): Piece[] {
  const { width, height } = picture;
  const found = components(picture);
  const isInside = ({ box: { x0, y0, x1, y1 } }: Piece) =>
    x0 > 0 && y0 > 0 && x1 < width && y1 < height;
  const upright = found.filter((piece) => !isFlat(piece));
  const inside = upright.filter(isInside);
  const typical = typicalHeight([inside, upright, found].find((some) => some.length > 0) ?? []);
  const isKept = (piece: Piece) => {
    const { x0, y0, x1, y1 } = piece.box;
    const long = Math.max(x1 - x0, y1 - y0);
    if (6 * long < typical || 60 * long < Math.max(width, height)) return false;
    if (upright.length > 0 && isFlat(piece) && x1 - x0 > 2 * typical) return false;
    if (isInside(piece) || inside.length === 0) return true;
    return typical <= 2 * (y1 - y0) && 2 * (y1 - y0) <= 4 * typical;
  };
  return found
    .filter(isKept)
    .sort((a, b) => b.area - a.area)
    .slice(0, MOST)
    .sort(fromLeft);
}

/** As rules are, and the bar that some write a five's top with. */
const isFlat = ({ box: { x0, y0, x1, y1 } }: Piece) => x1 - x0 >= 8 * (y1 - y0);

function fromLeft({ box: a }: Piece, { box: b }: Piece): number {
  return a.x0 + a.x1 - (b.x0 + b.x1) || a.x0 - b.x0 || a.y0 - b.y0 || a.x1 - b.x1 || a.y1 - b.y1;
}

/** The median height of the boxes, each counted as often as its piece has pixels: specks say little. */
function typicalHeight(found: readonly Piece[]): number {
  const sized = found.map(({ box, area }) => ({ height: box.y1 - box.y0, area }));
  sized.sort((a, b) => a.height - b.height);
  const total = sized.reduce((sum, { area }) => sum + area, 0);
  let seen = 0;
  return sized.find(({ area }) => 2 * (seen += area) >= total)?.height ?? 0;
}

/** The picture with nothing but its {@link pieces}. */
export function tidy(picture: Picture): Picture {
  const { width, ink } = picture;
  const kept = new Uint8Array(ink.length);
  for (const { runs } of pieces(picture)) {
    for (const [y, start, end] of runs) {
      kept.set(ink.subarray(y * width + start, y * width + end), y * width + start);
    }
  }
  return { ...picture, ink: kept };
}

/** The 8-connected pieces, by union-find over runs (Rosenfeld and Pfaltz, 1966), in their order. */
export function components(picture: Picture): Piece[] {
  const runs = runsOf(picture);
  const parent = runs.map((_, i) => i);
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  let above = 0; // the first run that may still touch this one or a later one
  runs.forEach(([y, x0, x1], i) => {
    const isPast = ([row, , end]: Run) => row < y - 1 || (row === y - 1 && end < x0);
    const isTouching = ([row, start]: Run) => row === y - 1 && start <= x1;
    while (isPast(runs[above]!)) above++;
    for (let k = above; isTouching(runs[k]!); k++) {
      const [a, b] = [root(i), root(k)];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  });
  const groups = new Map<number, Run[]>();
  runs.forEach((run, i) => {
    const group = groups.get(root(i));
    if (group) group.push(run);
    else groups.set(root(i), [run]);
  });
  return Array.from(groups.values(), pieceOf);
}

function runsOf({ width, height, ink }: Picture): Run[] {
  const runs: Run[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!ink[y * width + x]) continue;
      const start = x;
      while (x < width && ink[y * width + x]) x++;
      runs.push([y, start, x]);
    }
  }
  return runs;
}

function pieceOf(runs: readonly Run[]): Piece {
  let [x0, x1, area] = [Infinity, 0, 0];
  for (const [, start, end] of runs) {
    x0 = Math.min(x0, start);
    x1 = Math.max(x1, end);
    area += end - start;
  }
  return { runs, box: { x0, y0: runs[0]![0], x1, y1: runs.at(-1)![0] + 1 }, area };
}

/**
 * A wide piece, perhaps digits that touch, cut into upright slices, from left to right: at the columns
 * with the least ink for an eighth of the height to either side. One no wider than high: itself.
 */
export function cuts(piece: Piece): Piece[] {
  const { x0, y0, x1, y1 } = piece.box;
  const [width, height] = [x1 - x0, y1 - y0];
  if (width <= height) return [piece];
  const columns = new Int32Array(width);
  for (const [, start, end] of piece.runs) {
    for (let x = start; x < end; x++) columns[x - x0]! += 1;
  }
  const reach = Math.max(Math.floor(height / 8), 1);
  const edges = [x0];
  for (let i = reach; i < width - reach; i++) {
    const least = Math.min(...columns.subarray(i - reach, i + reach + 1));
    if (columns[i] === least && i + x0 - edges.at(-1)! >= reach) edges.push(i + x0);
  }
  return [...edges.slice(1), x1].map((end, i) => {
    const start = edges[i]!;
    const within = piece.runs.map(([y, a, b]): Run => [y, Math.max(a, start), Math.min(b, end)]);
    return pieceOf(within.filter(([, a, b]) => a < b));
  });
}

/** The same for the same piece of a picture: its box, and a hash (FNV-1a) of where its ink is and how much. */
export function keyOf({ width, ink }: Picture, { runs, box }: Piece): string {
  const add = (hash: number, value: number) => Math.imul(hash ^ value, 0x01000193);
  const hash = runs.reduce((hash, [y, start, end]) => {
    return ink.subarray(y * width + start, y * width + end).reduce(add, add(hash, start));
  }, width);
  return [...Object.values(box), hash].join();
}

/**
 * The mask, 112 × 112, of a group's ink: averaged over areas to a box 80 pixels long, centred, as `fit`
 * does. Strokes thinner than `fit`'s are thickened, as if drawn with a wider pen along the same lines.
 */
export function maskOf({ width, ink }: Picture, group: readonly Piece[]): Uint8Array {
  const runs = group.flatMap((piece) => piece.runs);
  const { x0, y0, x1, y1 } = around(group.map((piece) => piece.box));
  const crop = { width: x1 - x0, height: y1 - y0, ink: new Uint8Array((x1 - x0) * (y1 - y0)) };
  for (const [y, start, end] of runs) {
    const row = ink.subarray(y * width + start, y * width + end);
    crop.ink.set(row, (y - y0) * crop.width + start - x0);
  }
  const scaled = boxed(crop, BOX);
  const radius = Math.floor((THICK - thickness(scaled)) / 2);
  return radius > 0 ? thickened(boxed(crop, BOX - 2 * radius), radius) : scaled;
}

/** The mask of a picture, averaged over areas, its long side `box` pixels, an even number. */
function boxed({ width, height, ink }: Picture, box: number): Uint8Array {
  const long = Math.max(width, height);
  const rows = new Float64Array(height * MASK);
  for (const [i, j, overlap] of overlaps(width, long, box)) {
    for (let y = 0; y < height; y++) rows[y * MASK + i]! += overlap * ink[y * width + j]!;
  }
  const sums = new Float64Array(MASK * MASK);
  for (const [i, j, overlap] of overlaps(height, long, box)) {
    for (let x = 0; x < MASK; x++) sums[i * MASK + x]! += overlap * rows[j * MASK + x]!;
  }
  const whole = long * long;
  return new Uint8Array(sums.map((sum) => Math.floor((2 * sum + whole) / (2 * whole))));
}

/** By how much pixel i of the mask overlaps pixel j of n, in box-ths of these; the whole is centred. */
function overlaps(n: number, long: number, box: number): [i: number, j: number, overlap: number][] {
  const result: [number, number, number][] = [];
  for (let i = 0; i < MASK; i++) {
    const low = long * (i - MASK / 2) + (box / 2) * n;
    for (let j = Math.max(Math.floor(low / box), 0); j < n && box * j < low + long; j++) {
      const overlap = Math.min(box * (j + 1), low + long) - Math.max(box * j, low);
      if (overlap > 0) result.push([i, j, overlap]);
    }
  }
  return result;
}

/** Of a mask's strokes, in whole pixels: 2·area / perimeter, where steps between neighbours give 4/π perimeters. */
function thickness(mask: Uint8Array): number {
  const at = (x: number, y: number) => (x < MASK && y < MASK ? mask[y * MASK + x]! : 0);
  let [sum, steps] = [0, 0];
  for (let y = 0; y < MASK; y++) {
    for (let x = 0; x < MASK; x++) {
      sum += at(x, y);
      steps += Math.abs(at(x + 1, y) - at(x, y)) + Math.abs(at(x, y + 1) - at(x, y));
    }
  }
  return Math.floor((5 * sum + steps) / Math.max(2 * steps, 1));
}

/** Each pixel's highest neighbour no farther than radius (a dilation by a disc); the mask has that much margin. */
function thickened(mask: Uint8Array, radius: number): Uint8Array {
  const near: number[] = [];
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      if (x * x + y * y <= radius * radius) near.push(y * MASK + x);
    }
  }
  const result = new Uint8Array(mask.length);
  mask.forEach((level, i) => {
    if (level === 0) return;
    for (const step of near) result[i + step] = Math.max(result[i + step]!, level);
  });
  return result;
}
