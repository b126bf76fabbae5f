import { beforeEach, expect, test, vi } from 'vitest';
import type { Drawing } from './ink/drawing';
import { loadRecognizer } from './recognizer';

const LOGITS = [0, 1, 0, 0, 0, 0, 0, 3, 0, 0];

/** Stands in for the runtime: "normalize" gives the mask's mean as every grey level, "classify" LOGITS. */
const model = vi.hoisted(() => ({
  card: {},
  programs: new Map(),
  ran: [] as string[],
  status: { backend: 'webgpu' },
  /** The log-odds that a picture is a digit, from its ink. */
  odds: (_: number): number => 9,
}));
vi.mock('./runtime/model', () => ({
  loadModel: async () => ({
    file: {
      card: model.card,
      programs: model.programs,
      tensors: new Map([['w', { bytes: new Uint8Array(99) }]]),
    },
    status: model.status,
    wasm: {
      async runAll(program: string, batch: { mask: Float32Array }[]) {
        model.ran.push(`${program} ${batch.length} on wasm`);
        return batch.map(({ mask }) => ({
          image: new Float32Array(784).fill(mask.reduce((a, b) => a + b) / mask.length),
        }));
      },
    },
    run: async () => ({ logits: Float32Array.from(LOGITS) }),
    async runAll(program: string, batch: { image: Float32Array }[]) {
      model.ran.push(`${program} ${batch.length}`);
      return batch.map(({ image }) => ({
        logits: Float32Array.from(LOGITS),
        digit: Float32Array.of(model.odds(image[0]!)),
      }));
    },
    destroy: () => model.ran.push('destroy'),
  }),
}));

beforeEach(() => {
  model.card = {};
  model.ran = [];
  model.status = { backend: 'webgpu' };
  model.odds = () => 9;
  model.programs = new Map<string, object>([
    ['normalize', { inputs: new Map([['mask', { shape: [112, 112] }]]) }],
    ['classify', { outputs: new Map([['logits', {}], ['digit', {}]]) }], // prettier-ignore
  ]);
});

const dot: Drawing = {
  size: 280,
  strokes: [{ width: 40, erase: false, points: [[100, 60]] }],
};

test('a dot is normalised on WebAssembly, classified, and boxed in the drawing’s units', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const { digits, text, ms, backend } = await recognizer.read(dot);
  expect(model.ran).toEqual(['normalize 1 on wasm', 'classify 1']);
  expect({ text, backend }).toEqual({ text: '7', backend: 'webgpu' });
  expect(digits).toHaveLength(1);
  expect(digits[0]!.digit).toBe(7);
  expect(digits[0]!.box).toEqual({ x0: 80, y0: 40, x1: 120, y1: 80 });
  expect(digits[0]!.image[0]).toBeCloseTo((255 * Math.PI * 5 ** 2) / 112 ** 2, 1);
  expect(ms).toBeGreaterThan(0);
});

test.each([undefined, 2.5])('probabilities are softmax(logits / %s)', async (temperature) => {
  model.card = temperature ? { temperature } : {};
  const { digits } = await (await loadRecognizer('cnn.safetensors')).read(dot);
  const { probabilities } = digits[0]!;
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  for (const [digit, logit] of LOGITS.entries()) {
    const odds = Math.log(probabilities[digit]! / probabilities[0]!);
    expect(odds).toBeCloseTo(logit / (temperature ?? 1), 12);
  }
});

test.each([
  ['no strokes', []],
  ['ink outside the canvas', [{ ...dot.strokes[0]!, points: [[-90, 60]] as const }]],
  ['ink erased again', [...dot.strokes, { ...dot.strokes[0]!, width: 60, erase: true }]],
])('nothing is read in a drawing with %s', async (_, strokes) => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const { digits, text } = await recognizer.read({ size: 280, strokes });
  expect({ digits, text, ran: model.ran }).toEqual({ digits: [], text: '', ran: [] });
});

const line = (x: number, y0: number, y1: number): Drawing['strokes'][number] => ({
  width: 10,
  erase: false,
  points: [
    [x, y0],
    [x + 1, y1],
  ],
});

test('far strokes are digits of their own, from left to right, read in one batch', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const { digits, text } = await recognizer.read({
    size: 280,
    strokes: [line(200, 50, 150), line(40, 50, 150)],
  });
  expect(text).toBe('77');
  expect(digits.map(({ box }) => box.x0)).toEqual([35, 195]);
  expect(model.ran).toEqual(['normalize 2 on wasm', 'classify 2']);
});

test('near strokes are read together and apart, and the likelier reading wins', async () => {
  const strokes = [line(100, 50, 150), line(130, 50, 150)];
  const recognizer = await loadRecognizer('cnn.safetensors');
  expect((await recognizer.read({ size: 280, strokes })).text).toBe('7'); // one digit is likelier than two
  // A stem alone is narrower than both together: what has more ink is no digit.
  const apart = await loadRecognizer('cnn.safetensors');
  const alone = (255 * 10 * 80) / 112 ** 2;
  model.odds = (ink) => (ink > 1.5 * alone ? -9 : 9);
  expect((await apart.read({ size: 280, strokes })).text).toBe('77');
  expect(model.ran.filter((ran) => ran.startsWith('classify'))).toEqual([
    'classify 3',
    'classify 3',
  ]);
});

test('only what is new in a drawing is read; on another backend, all of it', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const strokes = [line(40, 50, 150), line(200, 50, 150)];
  const first = await recognizer.read({ size: 280, strokes });
  model.ran = [];
  expect(await recognizer.read({ size: 280, strokes })).toEqual(first);
  expect(model.ran).toEqual([]);
  await recognizer.read({ size: 280, strokes: [...strokes, line(120, 50, 150)] });
  expect(model.ran).toEqual(['normalize 1 on wasm', 'classify 1']);
  model.ran = [];
  model.status.backend = 'wasm';
  await recognizer.read({ size: 280, strokes });
  expect(model.ran).toEqual(['normalize 2 on wasm', 'classify 2']);
});

test('a stroke that has grown is read again', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const points: [number, number][] = [[40, 50]];
  const drawing = { size: 280, strokes: [{ width: 10, erase: false, points }] };
  for (const y of [100, 150]) {
    points.push([40, y]);
    expect((await recognizer.read(drawing)).digits[0]!.box.y1).toBe(y + 5);
  }
});

test('nor is what an eraser or the edge of the canvas left, until that changes', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const rubber = { width: 20, erase: true, points: [[250, 250] as [number, number]] };
  const strokes = [line(40, -50, 150), line(120, 50, 150), rubber];
  const first = await recognizer.read({ size: 280, strokes });
  model.ran = [];
  expect(await recognizer.read({ size: 280, strokes: [...strokes] })).toEqual(first);
  expect(model.ran).toEqual([]);
  await recognizer.read({ size: 280, strokes: [...strokes, line(200, 50, 150)] });
  expect(model.ran).toEqual(['normalize 1 on wasm', 'classify 1']);
  rubber.points.push([40, 100], [120, 100]); // in hand
  model.ran = [];
  expect((await recognizer.read({ size: 280, strokes })).digits).toHaveLength(2);
  expect(model.ran).not.toEqual([]);
});

test.each([64, 65, 150_000])('%i strokes are a number, or too many for one', async (n) => {
  const strokes = Array.from({ length: n }, (_, i) => line((280 * i) / n, 50, 51));
  const { digits } = await (await loadRecognizer('cnn.safetensors')).read({ size: 280, strokes });
  const read = n > 64 ? 1 : 64;
  expect(digits).toHaveLength(read);
  const counts = model.ran.filter((ran) => ran.startsWith('classify')).map((ran) => +ran.slice(9));
  expect(counts.reduce((a, b) => a + b)).toBe(read);
  expect(Math.max(...counts)).toBeLessThanOrEqual(6); // at a stretch: the pen has its turn in between
});

test('of a stroke over a picture only what it changes is read', async () => {
  const ink = new Uint8Array(280 * 280);
  const picture = { width: 280, height: 280, ink };
  for (let y = 50; y < 150; y++) {
    for (const x of [40, 41, 42, 43, 100, 101, 102]) ink[280 * y + x] = 200;
  }
  const recognizer = await loadRecognizer('cnn.safetensors');
  await recognizer.read({ size: 280, picture, strokes: [] });
  expect(model.ran).toEqual(['normalize 2 on wasm', 'classify 2']);
  model.ran = [];
  const { digits } = await recognizer.read({ size: 280, picture, strokes: [line(200, 50, 150)] });
  expect(digits).toHaveLength(3);
  expect(model.ran).toEqual(['normalize 1 on wasm', 'classify 1']);
  model.ran = [];
  // Darker, but where it was.
  const dot = { width: 1, erase: false, points: [[42.5, 100.5]] as const };
  await recognizer.read({ size: 280, picture, strokes: [line(200, 50, 150), dot] });
  expect(model.ran).toEqual(['normalize 1 on wasm', 'classify 1']);
});

test('boxes are in the units of their own drawing', async () => {
  const ink = new Uint8Array(280 * 280);
  for (let y = 100; y < 200; y++) ink.fill(255, 280 * y + 130, 280 * y + 140);
  const picture = { width: 280, height: 280, ink };
  const recognizer = await loadRecognizer('cnn.safetensors');
  const [small, large] = [
    (await recognizer.read({ size: 280, picture, strokes: [] })).digits[0]!.box,
    (await recognizer.read({ size: 560, picture, strokes: [] })).digits[0]!.box,
  ];
  expect(large).toEqual({ x0: 2 * small.x0, y0: 2 * small.y0, x1: 2 * small.x1, y1: 2 * small.y1 });
});

test('a rule in a picture is read as what it is, not in a thousand slices', async () => {
  const ink = new Uint8Array(400 * 400).fill(255, 400 * 200 + 20, 400 * 200 + 380);
  const drawing = { size: 280, picture: { width: 400, height: 400, ink }, strokes: [] };
  await (await loadRecognizer('cnn.safetensors')).read(drawing);
  expect(model.ran).toEqual(['normalize 1 on wasm', 'classify 1']);
});

test.each([
  [8, true],
  [10, false],
])('at log-odds of 9 and a threshold of %d a digit is sure: %s', async (sure, expected) => {
  model.card = { sure };
  const { digits } = await (await loadRecognizer('cnn.safetensors')).read(dot);
  expect(digits[0]!.sure).toBe(expected);
});

test('pictures can be classified without a drawing', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  expect(Array.from(await recognizer.classify(new Float32Array(784)))).toEqual(LOGITS);
  expect(recognizer.bytes).toBe(99);
});

test('a model that reads no digits is refused, and freed', async () => {
  model.programs.delete('normalize');
  await expect(loadRecognizer('attention.safetensors')).rejects.toThrow('reads no digits');
  expect(model.ran).toEqual(['destroy']);
});
