/** @file A drawing, of strokes or of a picture, in the parts that are read together and apart. */
import { type Drawing, numberOf } from './drawing';
import { type Box, boxOf, fit, inkBox, visible } from './fit';
import { flatten, type Picture } from './picture';
import { cuts, keyOf, maskOf, MOST, pieces } from './pieces';
import { rasterize } from './raster';
import { inLine } from './rows';
import type { Group } from './segment';

/** Ink in parts that each belong to one digit whole: strokes, or a picture's pieces. */
export interface Parts {
  /** Around the parts' centre lines or pixels, all in one line, to divide them by. */
  readonly boxes: readonly Box[];
  /** Around their ink, in the drawing's units. */
  readonly bounds: readonly Box[];
  /** The same for the same part, while someone draws. */
  readonly keys: readonly string[];
  /** The mask of a group of them as one digit. */
  mask(group: Group): Uint8Array;
}

export const partsOf = ({ size, strokes, picture }: Drawing): Parts =>
  picture ? ofPicture({ size, strokes, picture }) : ofStrokes({ size, strokes });

function ofStrokes(drawing: Drawing): Parts {
  const { size, strokes } = visible(drawing);
  const placed = fromLeft(strokes, (stroke) => boxOf([stroke])!);
  const sorted = placed.map(({ part }) => part);
  // So many are no number, but they may still be a digit, dotted.
  const isOne = sorted.length > MOST;
  const parts = isOne ? [sorted] : sorted.map((stroke) => [stroke]);
  return {
    boxes: isOne ? [boxOf(sorted)!] : placed.map(({ place }) => place),
    bounds: parts.map((part) => inkBox(part)!),
    keys: parts.map((part) => part.map(numberOf).join()),
    mask: (group) => rasterize(fit({ size, strokes: group.flatMap((i) => parts[i]!) })),
  };
}

function ofPicture(drawing: Drawing & { picture: Picture }): Parts {
  const sheet = flatten(drawing);
  const scale = drawing.size / sheet.width;
  const found = pieces(sheet);
  const slices = found.flatMap(cuts);
  const placed = fromLeft(slices.length > MOST ? found : slices, ({ box }) => box); // a rule is cut too often
  const parts = placed.map(({ part }) => part);
  return {
    boxes: placed.map(({ place }) => place),
    bounds: parts.map(({ box: { x0, y0, x1, y1 } }) => {
      return { x0: x0 * scale, y0: y0 * scale, x1: x1 * scale, y1: y1 * scale };
    }),
    keys: parts.map((part) => keyOf(sheet, part)),
    mask: (group) => maskOf(sheet, group.map((i) => parts[i]!)), // prettier-ignore
  };
}

/** With their places in one line (see rows.ts; of too many, where they are), by the middles of these. */
function fromLeft<Part>(parts: readonly Part[], boxOf: (part: Part) => Box) {
  const boxes = parts.map(boxOf);
  const places = parts.length > MOST ? boxes : inLine(boxes);
  const middle = ({ place: { x0, x1 } }: { place: Box }) => x0 + x1;
  return parts
    .map((part, i) => ({ part, place: places[i]! }))
    .sort((a, b) => middle(a) - middle(b));
}
