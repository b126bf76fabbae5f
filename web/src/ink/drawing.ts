/**
 * @file Vector ink: strokes of points on a square canvas. Values are never mutated, so a drawing kept
 * anywhere (in the undo history, by a recognition under way) stays what it was.
 *
 * The same shape is the JSON interchange format; `inkgrad/ink.py` is its Python twin.
 */

import type { Picture } from './picture';

/**
 * A position in canvas units, x to the right and y down. It may lie outside the canvas. Where the
 * device gives it, with the pressure, 0 … 1: that changes how ink looks, not how it is read.
 */
export type Point = readonly [x: number, y: number, pressure?: number];

/** A polyline with round caps and joins, `width` canvas units wide; one point is a dot. */
export interface Stroke {
  readonly width: number;
  /** Removes the ink that lies below it instead of adding some. */
  readonly erase: boolean;
  readonly points: readonly Point[];
}

/** A square canvas of `size` × `size` units and its strokes in the order drawn. */
export interface Drawing {
  readonly size: number;
  /** Lies below the strokes, as large as the canvas takes it whole, centred. */
  readonly picture?: Picture;
  readonly strokes: readonly Stroke[];
}

export const blank: Drawing = { size: 280, strokes: [] };

// A tool is a stroke that has no points yet. The pen has MNIST's own proportion: 22 of 280 units is
// a stroke 2 to 3 pixels thick once the digit stands 20 pixels high. The eraser is wider, so that one
// pass along a stroke leaves nothing at its edges.
export const pen: Stroke = { width: 22, erase: false, points: [] };
export const eraser: Stroke = { width: 36, erase: true, points: [] };

/** The stroke drawn on through `points`; a point with a coordinate that is not finite is dropped. */
export function extendStroke(stroke: Stroke, points: readonly Point[]): Stroke {
  return {
    ...stroke,
    points: [...stroke.points, ...points.filter((p) => p.every(Number.isFinite))],
  };
}

/** The drawing with `stroke` on top; unchanged by a stroke without points. */
export function addStroke(drawing: Drawing, stroke: Stroke): Drawing {
  if (stroke.points.length === 0) return drawing;
  return { ...drawing, strokes: [...drawing.strokes, stroke] };
}

const numbers = new WeakMap<Stroke, { readonly number: number; readonly length: number }>();
let last = 0;

/**
 * A number of the stroke's own, to keep what was made of it by. It takes a new one with more points: a
 * stroke of others, who use the library, may grow.
 */
export function numberOf(stroke: Stroke): number {
  const { length } = stroke.points;
  if (numbers.get(stroke)?.length !== length) numbers.set(stroke, { number: ++last, length });
  return numbers.get(stroke)!.number;
}

export const isBlank = ({ picture, strokes }: Drawing) => !picture && strokes.length === 0;

/** The empty canvas; unchanged if it was. */
export const clear = (drawing: Drawing) => (isBlank(drawing) ? drawing : blank);

/** A drawing of any size on a canvas of the usual one, which its picture fills anyway; unchanged if it is that. */
export function usual(drawing: Drawing): Drawing {
  const scale = blank.size / drawing.size;
  if (scale === 1) return drawing;
  const strokes = drawing.strokes.map(({ width, erase, points }) => ({
    width: width * scale,
    erase,
    points: points.map(([x, y, ...pressure]): Point => [x * scale, y * scale, ...pressure]),
  }));
  return { ...drawing, size: blank.size, strokes };
}
