import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from '../../../golden/segment.json';
import { candidates, choose } from './segment';

const boxOf = ([x0, y0, x1, y1]: number[]) => ({ x0: x0!, y0: y0!, x1: x1!, y1: y1! });

test.each(golden)('$chosen', ({ boxes, groups, costs, chosen }) => {
  const pieces = boxes.map(boxOf);
  expect(candidates(pieces)).toEqual(groups);
  expect(choose(pieces, groups, costs)).toEqual(chosen);
});

const side = fc.integer({ min: 1, max: 60 });
const box = fc
  .record({
    x: fc.integer({ min: 0, max: 300 }),
    y: fc.integer({ min: 0, max: 80 }),
    w: side,
    h: side,
  })
  .map(({ x, y, w, h }) => boxOf([x, y, x + w, y + h]));

test('every piece that is no speck is read, in one digit, whatever the costs', () => {
  fc.assert(
    fc.property(
      fc.array(box, { maxLength: 9 }),
      fc.infiniteStream(fc.float({ min: 0, max: 9, noNaN: true })),
      (drawn, costs) => {
        const boxes = [...drawn].sort((a, b) => a.x0 + a.x1 - b.x0 - b.x1);
        const groups = candidates(boxes);
        const chosen = choose(
          boxes,
          groups,
          groups.map(() => costs.next().value),
        ).flat();
        const size = Math.max(...boxes.map(({ x0, y0, x1, y1 }) => Math.max(x1 - x0, y1 - y0)));
        const isMeant = ({ x0, y0, x1, y1 }: (typeof boxes)[number]) =>
          Math.max(x1 - x0, y1 - y0) >= size / 10;
        expect(new Set(chosen).size).toBe(chosen.length);
        boxes.forEach((box, i) => {
          if (isMeant(box)) expect(chosen).toContain(i);
        });
      },
    ),
  );
});

test.each([25, 100])('looks at no pair of %i pieces over and over', (n) => {
  let looks = 0;
  const boxes = Array.from({ length: n }, (_, i) => ({
    get x0() {
      looks++;
      return i;
    },
    x1: i + 100,
    y0: 0,
    y1: 100,
  }));
  const groups = candidates(boxes);
  const costs = groups.map((_, g) => g % 7);
  choose(boxes, groups, costs);
  expect(looks).toBeLessThan(8 * n ** 2);
});
