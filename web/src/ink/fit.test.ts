import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Drawing, Point, Stroke } from './drawing';
import { type Box, boxOf, fit, inkBox, visible } from './fit';
import { rasterize } from './raster';

const points = (at: fc.Arbitrary<number>) =>
  fc.array(fc.tuple(at, at), { minLength: 1, maxLength: 12 });
const on = fc.double({ min: 0, max: 280, noNaN: true });
const strokes = (at: fc.Arbitrary<number>): fc.Arbitrary<Stroke[]> =>
  fc.array(
    fc.record({
      width: fc.double({ min: 1, max: 40, noNaN: true }),
      erase: fc.constant(false),
      points: points(at),
    }),
    { minLength: 1, maxLength: 4 },
  );
const drawn = (list: readonly Stroke[]): Drawing => ({ size: 280, strokes: list });

test('what no eraser touches stays as it is', () => {
  fc.assert(
    fc.property(strokes(on), (list) => {
      expect(visible(drawn(list)).strokes).toEqual(list);
    }),
  );
});

test('what is erased along its own line is gone, wherever it was', () => {
  fc.assert(
    fc.property(strokes(fc.double()), (list) => {
      const rubbers = list.map((stroke) => ({ ...stroke, erase: true }));
      expect(visible(drawn([...list, ...rubbers])).strokes).toEqual([]);
      expect(inkBox(visible(drawn([...list, ...rubbers])).strokes)).toBeUndefined();
    }),
  );
});

test('an eraser before the ink does nothing, one across it parts it', () => {
  const line: Stroke = {
    width: 10,
    erase: false,
    points: [
      [40, 140],
      [240, 140],
    ],
  };
  const rubber: Stroke = { width: 20, erase: true, points: [[140, 140]] };
  expect(visible(drawn([rubber, line])).strokes).toEqual([line]);
  const parts = visible(drawn([line, rubber])).strokes.map((stroke) => stroke.points);
  expect(parts.map((part) => [part[0], part.at(-1)])).toEqual([
    [
      [40, 140],
      [129, 140],
    ],
    [
      [151, 140],
      [240, 140],
    ],
  ]);
});

test('the fitted ink is 80 long, unless its brush is wider than it, and centred', () => {
  const longest = ({ x0, y0, x1, y1 }: Box) => Math.max(x1 - x0, y1 - y0);
  fc.assert(
    fc.property(strokes(on), (list) => {
      const box = inkBox(fit(drawn(list)).strokes)!;
      const brush = Math.max(...list.map(({ width }) => width));
      if (longest(boxOf(list)!) >= brush) expect(longest(box)).toBeCloseTo(80, 6);
      else expect(longest(box)).toBeLessThanOrEqual(80 + 1e-9);
      expect(box.x0 + box.x1).toBeCloseTo(112, 6);
      expect(box.y0 + box.y1).toBeCloseTo(112, 6);
    }),
  );
});

test('size, place and brush do not change what is seen', () => {
  const shift = fc.integer({ min: 0, max: 100 });
  const scale = fc.constantFrom(0.25, 0.5);
  fc.assert(
    fc.property(strokes(fc.integer({ min: 0, max: 280 })), shift, scale, (list, move, by) => {
      const fine = list.map((stroke) => ({ ...stroke, width: 1 }));
      const moved = fine.map((stroke) => ({
        ...stroke,
        width: 0.25,
        points: stroke.points.map(([x, y]): Point => [x * by + move, y * by + move]),
      }));
      const before = rasterize(fit(drawn(fine)));
      const after = rasterize(fit(drawn(moved)));
      expect(after.every((ink, i) => Math.abs(ink - before[i]!) <= 1)).toBe(true);
    }),
  );
});
