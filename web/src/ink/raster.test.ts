import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from '../../../golden/ink.json';
import type { Drawing, Point, Stroke } from './drawing';
import { rasterize } from './raster';

/** The rows of a mask as golden/make.py writes them. */
function rows(mask: Uint8Array, size: number): string[] {
  const hex = (byte: number) => (byte === 0 ? '..' : byte.toString(16).padStart(2, '0'));
  return Array.from({ length: size }, (_, y) =>
    Array.from(mask.subarray(y * size, (y + 1) * size), hex).join(' '),
  );
}

test.each(golden)('$name', ({ drawing, size, mask }) => {
  expect(rows(rasterize(drawing as unknown as Drawing, size), size)).toEqual(mask);
});

const coordinate = fc.double({ min: -100, max: 400, noNaN: true });
const strokes = (at: fc.Arbitrary<number>, erase: fc.Arbitrary<boolean>): fc.Arbitrary<Stroke> =>
  fc.record({
    width: fc.double({ min: 0, max: 60, noNaN: true }),
    erase,
    points: fc.array(fc.tuple(at, at), { maxLength: 12 }),
  });
const drawings: fc.Arbitrary<Drawing> = fc.record({
  size: fc.constantFrom(280, 112, 97.3),
  strokes: fc.array(strokes(coordinate, fc.boolean()), { maxLength: 4 }),
});

test('a pen never lightens and an eraser never darkens', () => {
  fc.assert(
    fc.property(drawings, strokes(coordinate, fc.boolean()), (drawing, stroke) => {
      const before = rasterize(drawing);
      const after = rasterize({ ...drawing, strokes: [...drawing.strokes, stroke] });
      return after.every((ink, i) => (stroke.erase ? ink <= before[i]! : ink >= before[i]!));
    }),
  );
});

test('an eraser two pixels wider leaves nothing', () => {
  const mask = 112;
  const pixel = 280 / mask;
  fc.assert(
    fc.property(strokes(fc.double(), fc.constant(false)), (stroke) => {
      const eraser = { ...stroke, width: Math.max(stroke.width, pixel) + 2 * pixel, erase: true };
      return rasterize({ size: 280, strokes: [stroke, eraser] }, mask).every((ink) => ink === 0);
    }),
  );
});

test('ink moves with its points', () => {
  // Eighths of a unit on a canvas of two units a pixel: every shift by whole pixels is exact.
  const eighths = fc.integer({ min: -800, max: 2400 }).map((n) => n / 8);
  const shift = fc.integer({ min: -30, max: 30 });
  fc.assert(
    fc.property(strokes(eighths, fc.constant(false)), shift, shift, (stroke, dx, dy) => {
      const points = stroke.points.map(([x, y]): Point => [x + 2 * dx, y + 2 * dy]);
      const before = rasterize({ size: 224, strokes: [stroke] });
      const after = rasterize({ size: 224, strokes: [{ ...stroke, points }] });
      return before.every((ink, i) => {
        const x = (i % 112) + dx;
        const y = Math.floor(i / 112) + dy;
        return x < 0 || x >= 112 || y < 0 || y >= 112 || after[y * 112 + x] === ink;
      });
    }),
  );
});

test('points that are not finite are skipped', () => {
  const bad = fc.constantFrom<Point>([NaN, 1], [1, Infinity], [-Infinity, NaN]);
  fc.assert(
    fc.property(strokes(coordinate, fc.constant(false)), fc.nat(12), bad, (stroke, at, point) => {
      const points = [...stroke.points.slice(0, at), point, ...stroke.points.slice(at)];
      const mask = rasterize({ size: 280, strokes: [{ ...stroke, points }] });
      return rasterize({ size: 280, strokes: [stroke] }).every((ink, i) => ink === mask[i]);
    }),
  );
});

test('ten thousand points, however far apart, are drawn before the test times out', () => {
  const points = Array.from({ length: 10_000 }, (_, i): Point => [140 + (-1) ** i * 1e9, i / 30]);
  const mask = rasterize({ size: 280, strokes: [{ width: 22, erase: false, points }] });
  expect(mask.every((ink) => ink === 255)).toBe(true);
});
