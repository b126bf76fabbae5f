import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blank, type Drawing } from './drawing';
import { decode, encode } from './link';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0); // no −0
const length = finite.map(Math.abs).filter((x) => x > 0);
const stroke = fc.record({
  width: length,
  erase: fc.boolean(),
  points: fc.array(fc.tuple(finite, finite), { minLength: 1 }),
});
const drawing = fc.record({ size: length, strokes: fc.array(stroke) }, { noNullPrototype: true });

test('a drawing comes back exactly, from characters that any link may have', async () => {
  await fc.assert(
    fc.asyncProperty(drawing, async (original) => {
      const text = await encode(original);
      expect(text).toMatch(/^[\w-]+$/);
      expect(await decode(text)).toEqual(original);
    }),
  );
});

async function pack(text: string): Promise<string> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

test('what is no drawing is refused, and never throws', async () => {
  const one = { width: 1, erase: false, points: [[0, 0]] };
  const bad: unknown[] = [
    ...[null, 1, [], {}, { size: 280 }, { size: 0, strokes: [] }, { size: 280, strokes: [null] }],
    ...[
      { width: -1 },
      { width: '1' },
      { erase: 1 },
      { points: [] },
      { points: [[0]] },
      { points: [[0, null]] },
    ].map((edit) => ({ size: 280, strokes: [{ ...one, ...edit }] })),
  ];
  expect(await decode(await pack(JSON.stringify({ size: 280, strokes: [one] })))).toBeDefined();
  for (const text of bad.map((value) => JSON.stringify(value))) {
    expect(await decode(await pack(text)), text).toBeUndefined();
  }
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), async (text) => {
      expect(await decode(text)).toBeUndefined();
    }),
  );
});

test('a short link that unpacks to more than any drawing is refused', async () => {
  const points = Array(2.8e6).fill('[0,0]').join();
  const json = `{"size":280,"strokes":[{"width":1,"erase":false,"points":[${points}]}]}`;
  expect(await decode(await pack(json))).toBeUndefined();
});

test('a short link that would erase along long lines for minutes is refused', async () => {
  const points = Array.from({ length: 5000 }, (_, i) => [280 * (i % 2), i]);
  const line = { width: 1, erase: false, points };
  const drawing = (erase: boolean) =>
    JSON.stringify({ size: 280, strokes: [line, { ...line, erase }] });
  expect(await decode(await pack(drawing(false)))).toBeDefined();
  expect(await decode(await pack(drawing(true)))).toBeUndefined();
});

test('a picture stays behind', async () => {
  const picture = { width: 1, height: 1, ink: Uint8Array.of(255) };
  const both: Drawing = { ...blank, picture };
  expect(await decode(await encode(both))).toEqual(blank);
});
