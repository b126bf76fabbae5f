/** @file A drawing, of strokes or of a picture, in the parts that are read together and apart. */
import { type Drawing, numberOf } from './drawing';
import { type Box, boxOf, fit, inkBox, visible } from './fit';
import { flatten, type Picture } from './picture';
import { cuts, keyOf, maskOf, MOST, pieces } from './pieces';
import { rasterize } from './raster';
import type { Group } from './segment';

/** Ink in parts that each belong to one digit whole: strokes, or a picture's pieces. */
export interface Parts {
  /** Around the parts' centre lines or pixels, to divide them by. */
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
  const sorted = fromLeft(strokes, (stroke) => boxOf([stroke])!);
  // So many are no number, but they may still be a digit, dotted.
  const parts = sorted.length > MOST ? [sorted] : sorted.map((stroke) => [stroke]);
  return {
    boxes: parts.map((part) => boxOf(part)!),
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
  const parts = fromLeft(slices.length > MOST ? found : slices, ({ box }) => box); // a rule is cut too often
  const boxes = parts.map(({ box }) => box);
  return {
    boxes,
    bounds: boxes.map(({ x0, y0, x1, y1 }) => {
      return { x0: x0 * scale, y0: y0 * scale, x1: x1 * scale, y1: y1 * scale };
    }),
    keys: parts.map((part) => keyOf(sheet, part)),
    mask: (group) => maskOf(sheet, group.map((i) => parts[i]!)), // prettier-ignore
  };
}

/** By the middles of their boxes. */
function fromLeft<Part>(parts: readonly Part[], boxOf: (part: Part) => Box): Part[] {
  const middle = (part: Part) => boxOf(part).x0 + boxOf(part).x1;
  return [...parts].sort((a, b) => middle(a) - middle(b));
}
