import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from '../../../golden/picture.json';
import { flatten, inkOf, type Picture } from './picture';
import { components, cuts, maskOf, pieces, tidy } from './pieces';

/** Bytes from rows as golden/make.py writes them. */
const bytes = (rows: string[]) =>
  Uint8Array.from(rows.flatMap((row) => row.split(' ')).map((hex) => parseInt(hex, 16) || 0));

const opaque = (grey: Uint8Array) =>
  Uint8ClampedArray.from({ length: 4 * grey.length }, (_, i) => (i % 4 < 3 ? grey[i >> 2]! : 255));

const sha256 = async (data: Uint8Array<ArrayBuffer>) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', data)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

const corners = ({ box }: { box: { x0: number; y0: number; x1: number; y1: number } }) => [
  box.x0,
  box.y0,
  box.x1,
  box.y1,
];

test.each(golden)('$name', async ({ grey, ink, pieces: found, ...masks }) => {
  const data = opaque(bytes(grey));
  const height = grey.length;
  const picture = inkOf({ width: data.length / 4 / height, height, data } as ImageData);
  expect(picture.ink).toEqual(bytes(ink));
  const read = pieces(picture);
  expect(
    read.map((piece) => ({
      box: corners(piece),
      area: piece.area,
      cuts: cuts(piece).map(corners),
    })),
  ).toEqual(found);
  const sums = read.map((piece) => sha256(Uint8Array.from(maskOf(picture, [piece]))));
  expect(await Promise.all(sums)).toEqual(masks['sha256 of masks']);
});

/** Sparse ink, of every level. */
const inked: fc.Arbitrary<Picture> = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((levels) => ({ width, height, ink: levels.map((v) => (v < 140 ? 0 : v)) })),
  );

/** Which pixels a flood from each one not yet reached fills, the simplest way. */
function floods({ width, height, ink }: Picture): number[][] {
  const left = new Set(Array.from(ink.keys()).filter((i) => ink[i]! > 0));
  const fill = (i: number): number[] => {
    if (!left.delete(i)) return [];
    const [x, y] = [i % width, Math.floor(i / width)];
    const near = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [x + dx, y + dy] as const));
    const inside = near.filter(([u, v]) => u >= 0 && u < width && v >= 0 && v < height);
    return [i, ...inside.flatMap(([u, v]) => fill(v * width + u))];
  };
  return Array.from(left, fill).filter((filled) => filled.length > 0);
}

test('components are what floods fill', () => {
  const sorted = (groups: number[][]) => groups.map((g) => g.sort((a, b) => a - b).join()).sort();
  fc.assert(
    fc.property(inked, (picture) => {
      const found = components(picture).map(({ runs }) =>
        runs.flatMap(([y, x0, x1]) =>
          Array.from({ length: x1 - x0 }, (_, i) => y * picture.width + x0 + i),
        ),
      );
      expect(sorted(found)).toEqual(sorted(floods(picture)));
    }),
  );
});

test('the slices of a cut piece are the whole piece, side by side', () => {
  fc.assert(
    fc.property(inked, (picture) => {
      for (const piece of components(picture)) {
        const slices = cuts(piece);
        expect(slices.reduce((sum, { area }) => sum + area, 0)).toBe(piece.area);
        slices.slice(1).forEach(({ box }, i) => expect(box.x0).toBe(slices[i]!.box.x1));
      }
    }),
  );
});

test('a tidied picture is its pieces', () => {
  fc.assert(
    fc.property(inked, (picture) => {
      const { ink } = tidy(picture);
      const area = pieces(picture).reduce((total, piece) => total + piece.area, 0);
      expect(ink.filter((level) => level > 0)).toHaveLength(area);
      expect(ink.every((level, i) => level === 0 || level === picture.ink[i])).toBe(true);
    }),
  );
});

test('strokes that were drawn before are drawn again only if one has grown', () => {
  let looks = 0;
  const stroke = (x: number, erase = false) => ({
    get width() {
      looks++;
      return 5;
    },
    erase,
    points: [[x, 2], [9 - x, 7]] as [number, number][], // prettier-ignore
  });
  const picture = { width: 9, height: 9, ink: new Uint8Array(81).fill(99) };
  const [a, b, c] = [stroke(1), stroke(4, true), stroke(6)];
  const drawn = [[], [a], [a, b], [a, b, c], [a, b], [a, c], [c], [c, a]];
  for (const strokes of drawn) {
    const afresh = flatten({ size: 9, picture: { ...picture }, strokes });
    expect(flatten({ size: 9, picture, strokes })).toEqual(afresh);
  }
  const larger = flatten({ size: 18, picture: { ...picture }, strokes: [a, b] });
  expect(flatten({ size: 18, picture, strokes: [a, b] })).toEqual(larger);
  looks = 0;
  flatten({ size: 18, picture, strokes: [a, c] });
  flatten({ size: 18, picture, strokes: [a, b] });
  expect(looks).toBe(2); // at c and b
  a.points.push([8, 8]);
  const grown = flatten({ size: 18, picture: { ...picture }, strokes: [a, b] });
  expect(flatten({ size: 18, picture, strokes: [a, b] })).toEqual(grown);
});

test('a picture lies on the canvas as large as it fits, under the strokes', () => {
  const picture = { width: 2, height: 4, ink: new Uint8Array(8).fill(200) };
  const row = [0, 200, 200, 0];
  const { ink } = flatten({ size: 280, picture, strokes: [] });
  expect(Array.from(ink)).toEqual([row, row, row, row].flat());
  const rubber = { width: 560, erase: true, points: [[140, 140]] as const };
  expect(flatten({ size: 280, picture, strokes: [rubber] }).ink).toEqual(new Uint8Array(16));
});
