/**
 * @file A picture, scanned or photographed, to its ink. `inkgrad/picture.py` gives the same bytes from
 * the same grey levels: all is whole numbers.
 */
import { type Drawing, numberOf } from './drawing';
import { drawOn } from './raster';

/** Ink coverage 0 (paper) … 255 (ink), row by row, uint8. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly ink: Uint8Array;
}

/** Pixels of the long side that a picture should be scaled down to before it is looked at. */
export const LONG = 1000;
/** Blocks of the long side on which the paper is estimated. */
const GRID = 250;
/** Contrast of 255 below which nothing is taken for ink. */
const FAINT = 32;
/** Grey levels: paper darker than this has its contrasts measured as if it were this light. */
const DARK = 96;

/** Pictures with the first strokes over them, by these strokes' numbers: while one draws, only the newest changes. */
const sheets = new WeakMap<Picture, { size: number; numbers: number[]; ink: Uint8Array }>();

/**
 * The drawing's picture with the strokes drawn over it, on a square that is the whole canvas and has the
 * picture's resolution.
 */
export function flatten({ picture, size, strokes }: Drawing & { picture: Picture }): Picture {
  const side = Math.max(picture.width, picture.height);
  const numbers = strokes.slice(0, -1).map(numberOf);
  let sheet = sheets.get(picture);
  if (sheet?.size !== size || sheet.numbers.some((number, i) => number !== numbers[i])) {
    sheet = { size, numbers: [], ink: squareOf(picture, side) };
  }
  drawOn(sheet.ink, { size, strokes: strokes.slice(sheet.numbers.length, -1) }, side);
  sheets.set(picture, { ...sheet, numbers });
  const ink = sheet.ink.slice();
  drawOn(ink, { size, strokes: strokes.slice(-1) }, side);
  return { width: side, height: side, ink };
}

function squareOf({ width, height, ink }: Picture, side: number): Uint8Array {
  const [left, top] = [(side - width) >> 1, (side - height) >> 1];
  const square = new Uint8Array(side * side);
  for (let y = 0; y < height; y++) {
    square.set(ink.subarray(y * width, (y + 1) * width), (top + y) * side + left);
  }
  return square;
}

/** A plane of whole numbers, row by row. */
interface Levels {
  readonly width: number;
  readonly height: number;
  readonly data: Int32Array;
}

/**
 * The ink, dark on light or light on dark, of opaque RGBA pixels; all 0 where nothing stands out.
 *
 * The paper is what a morphological closing leaves of the picture (a black top-hat; Serra, "Image
 * Analysis and Mathematical Morphology", 1982): everything darker into which a square of a quarter of
 * the long side does not fit is filled in with the level around it. So light may fall as unevenly as
 * it likes. Ink is counted from half the contrast of the darkest on, which leaves out the rules of
 * most papers; its edges stay soft.
 */
export function inkOf(image: Pick<ImageData, 'width' | 'height' | 'data'>): Picture {
  const { width, height } = image;
  let grey = greyOf(image);
  const side = Math.ceil(Math.max(width, height) / GRID);
  let blocks = blockMeans(grey, side);
  const reach = Math.ceil(Math.max(blocks.width, blocks.height) / 8);
  // Around ink there is more paper than ink: most levels lie on the paper's side of half-way. Shadows
  // and noise alone take no side (photographs of blank paper: a twelfth at most; of digits: a sixth at
  // least).
  const high = spread(blocks, reach).data;
  const low = negative(spread(negative(blocks), reach)).data;
  const ranges = high.map((level, i) => level - low[i]!);
  const lightness = sum(blocks.data.map((level, i) => 2 * level - high[i]! - low[i]!));
  const isNoise = 12 * Math.abs(lightness) <= sum(ranges) && ranges.every((range) => range < 128);
  if (isNoise) return { width, height, ink: new Uint8Array(width * height) };
  if (lightness < 0) {
    [grey, blocks] = [map(grey, (level) => 255 - level), map(blocks, (level) => 255 - level)];
  }
  const paper = negative(spread(negative(spread(blocks, reach)), reach));
  const contrast = grey.data.map((level, i) => {
    const y = Math.floor(Math.floor(i / width) / side);
    const light = paper.data[y * paper.width + Math.floor((i % width) / side)]!;
    return Math.floor((255 * Math.max(light - level, 0)) / Math.max(light, DARK));
  });
  const darkest = darkestOf(contrast);
  const ink = new Uint8Array(width * height);
  if (darkest < FAINT) return { width, height, ink };
  // Soft edges belong to ink that is there: half-way or more, at most a pixel away.
  const there = map({ width, height, data: contrast }, (level) => Number(2 * level >= darkest));
  const near = spread(there, 1).data;
  for (let i = 0; i < ink.length; i++) {
    // From a quarter of the darkest to three quarters: 0 … 255.
    const coverage = (510 * (4 * contrast[i]! - darkest) + 2 * darkest) / (4 * darkest);
    if (near[i]) ink[i] = Math.min(Math.max(Math.floor(coverage), 0), 255);
  }
  return { width, height, ink };
}

/** Luma of ITU-R BT.601 in 65,536ths, as Pillow rounds it. */
function greyOf({ width, height, data }: Pick<ImageData, 'width' | 'height' | 'data'>): Levels {
  const grey = new Int32Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const luma = 19595 * data[4 * i]! + 38470 * data[4 * i + 1]! + 7471 * data[4 * i + 2]!;
    grey[i] = (luma + 32768) >> 16;
  }
  return { width, height, data: grey };
}

/** The means, rounded down, of blocks side × side; those at the right and bottom edge may be smaller. */
function blockMeans({ width, height, data }: Levels, side: number): Levels {
  const [columns, rows] = [Math.ceil(width / side), Math.ceil(height / side)];
  const sums = new Int32Array(columns * rows);
  const counts = new Int32Array(columns * rows);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = Math.floor(y / side) * columns + Math.floor(x / side);
      sums[block]! += data[y * width + x]!;
      counts[block]! += 1;
    }
  }
  const means = sums.map((sum, i) => Math.floor(sum / counts[i]!));
  return { width: columns, height: rows, data: means };
}

/** Each level's highest neighbour in a square that reaches so far to every side (a dilation). */
function spread({ width, height, data }: Levels, reach: number): Levels {
  const across = spreadLines(data, { n: width, step: 1, lines: height, next: width, reach });
  const both = spreadLines(across, { n: height, step: width, lines: width, next: 1, reach });
  return { width, height, data: both };
}

/** Along `lines` lines, which begin `next` apart, of `n` levels `step` apart. */
function spreadLines(
  levels: Int32Array,
  { n, step, lines, next, reach }: Record<'n' | 'step' | 'lines' | 'next' | 'reach', number>,
): Int32Array {
  const result = new Int32Array(levels.length);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < n; i++) {
      let highest = levels[line * next + i * step]!;
      const end = Math.min(i + reach, n - 1);
      for (let k = Math.max(i - reach, 0); k <= end; k++) {
        highest = Math.max(highest, levels[line * next + k * step]!);
      }
      result[line * next + i * step] = highest;
    }
  }
  return result;
}

/** The contrast that a 5,000th of the pixels reach, so that a speck does not decide. */
function darkestOf(contrast: Int32Array): number {
  const counts = new Int32Array(256);
  for (const level of contrast) counts[level]! += 1;
  let darkest = 255;
  for (let reached = counts[255]!; reached < contrast.length / 5000; reached += counts[darkest]!) {
    darkest--;
  }
  return darkest;
}

const map = ({ width, height, data }: Levels, to: (level: number) => number): Levels => ({
  width,
  height,
  data: data.map(to),
});

const sum = (levels: Int32Array) => levels.reduce((total, level) => total + level, 0);

const negative = (levels: Levels) => map(levels, (level) => -level);
