import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain, map } from './explain';

const SIDE = 28;

/** A network of one layer and two classes, so that the log-odds of 1 are weights · image. */
const linear = (weights: readonly number[]) => async (images: Float32Array[]) =>
  images.map((image) =>
    Float32Array.of(
      0,
      image.reduce((sum, ink, i) => sum + ink * weights[i]!, 0),
    ),
  );

const picture = fc
  .uint8Array({ minLength: SIDE * SIDE, maxLength: SIDE * SIDE })
  .map((bytes) => Float32Array.from(bytes));
const layer = fc.array(fc.integer({ min: -9, max: 9 }), {
  minLength: SIDE * SIDE,
  maxLength: SIDE * SIDE,
});

test('of a linear network, each effect is that of its pixels', async () => {
  await fc.assert(
    fc.asyncProperty(picture, layer, async (image, weights) => {
      const [zero, one] = await explain(image, [0, 1], linear(weights));
      one!.forEach(({ pixels, level, change }, k) => {
        const sum = pixels.reduce((total, i) => total + (level - image[i]!) * weights[i]!, 0);
        expect(change).toBeCloseTo(sum, 0);
        expect(zero![k]!.change).toBeCloseTo(-sum, 0);
      });
    }),
    { numRuns: 20 },
  );
});

test('blank paper has no ink to be taken away', async () => {
  const [effects] = await explain(
    new Float32Array(SIDE * SIDE),
    [1],
    linear(Array(SIDE * SIDE).fill(1)),
  );
  expect(effects!.length).toBeGreaterThan(0);
  expect(effects!.every(({ level }) => level === 255)).toBe(true);
  expect(map(effects!, 0).every((change) => change === 0)).toBe(true);
  expect(Math.max(...map(effects!, 255))).toBe(16 * 255);
});
