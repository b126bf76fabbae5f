/**
 * @file Rows of digits, one below the other, laid side by side: what divides ink into digits knows one row
 * alone. `inkgrad/rows.py` is the same in Python, to the double, and says which bands of ink are rows.
 */
import type { Box } from './fit';
import { around, largest } from './segment';

/** Of the highest band, how high a row is at least. */
const HIGH = 0.5;
/** Of the lower one's height, the gap between two rows. */
const LEAST = 0.15;
const MOST = 2;
/** Of the narrower one, how much lies over the other. */
const OVER = 0.5;
/** In sizes of the largest piece, between rows laid side by side. */
const APART = 2;

interface Band {
  readonly members: readonly number[];
  readonly box: Box;
}

/** The boxes, each lower row of them moved to the right of the row above it; as they are where there is one. */
export function inLine(boxes: readonly Box[]): Box[] {
  const moved = [...boxes];
  const apart = APART * largest(boxes);
  let end: number | undefined;
  for (const { members, box } of rows(boxes)) {
    const by = end === undefined ? 0 : end + apart - box.x0;
    for (const i of members) {
      const { x0, y0, x1, y1 } = boxes[i]!;
      moved[i] = { x0: x0 + by, y0, x1: x1 + by, y1 };
    }
    end = box.x1 + by;
  }
  return moved;
}

function rows(boxes: readonly Box[]): Band[] {
  const bands: Band[] = [];
  const order = boxes.map((_, i) => i).sort((a, b) => boxes[a]!.y0 - boxes[b]!.y0);
  for (const i of order) {
    const band = { members: [i], box: boxes[i]! };
    const last = bands.at(-1);
    if (last && band.box.y0 <= last.box.y1) bands.push(joined(bands.pop()!, band));
    else bands.push(band);
  }
  const highest = Math.max(...bands.map(height));
  const gap = (k: number) =>
    bands[k] && bands[k + 1] ? bands[k + 1]!.box.y0 - bands[k]!.box.y1 : Infinity;
  while (bands.length > 1) {
    // What is too low for a row belongs to the band that is nearer.
    const low = bands.findIndex((band) => height(band) < HIGH * highest);
    if (low < 0) break;
    const first = gap(low - 1) <= gap(low) ? low - 1 : low;
    bands.splice(first, 2, joined(bands[first]!, bands[first + 1]!));
  }
  const areRows = bands.every((band, k) => {
    const below = bands[k + 1];
    if (!below) return true;
    const [a, b] = [band.box, below.box];
    const low = Math.min(height(band), height(below));
    const over = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
    const isApart = LEAST * low <= gap(k) && gap(k) <= MOST * low;
    return isApart && over >= OVER * Math.min(a.x1 - a.x0, b.x1 - b.x0);
  });
  return areRows ? bands : [bands.reduce(joined)];
}

const joined = (a: Band, b: Band): Band => ({
  members: [...a.members, ...b.members],
  box: around([a.box, b.box]),
});

const height = ({ box }: Band) => box.y1 - box.y0;
