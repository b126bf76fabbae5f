import { beforeEach, expect, test, vi } from 'vitest';
import type { Drawing } from './ink/drawing';
import { loadRecognizer } from './recognizer';

const LOGITS = [0, 1, 0, 0, 0, 0, 0, 3, 0, 0];

/** Stands in for the runtime: "normalize" gives the mask's mean as every grey level, "classify" LOGITS. */
const model = vi.hoisted(() => ({ card: {}, programs: new Map(), ran: [] as string[] }));
vi.mock('./runtime/model', () => ({
  loadModel: async () => ({
    file: {
      card: model.card,
      programs: model.programs,
      tensors: new Map([['w', { bytes: new Uint8Array(99) }]]),
    },
    status: { backend: 'webgpu' },
    wasm: {
      async run(program: string, { mask }: { mask: Float32Array }) {
        model.ran.push(`${program} on wasm`);
        return { image: new Float32Array(784).fill(mask.reduce((a, b) => a + b) / mask.length) };
      },
    },
    async run(program: string, { image }: { image: Float32Array }) {
      model.ran.push(`${program} ${image.length} pixels`);
      return { logits: Float32Array.from(LOGITS) };
    },
    destroy: () => model.ran.push('destroy'),
  }),
}));

beforeEach(() => {
  model.card = {};
  model.ran = [];
  model.programs = new Map<string, object>([
    ['normalize', { inputs: new Map([['mask', { shape: [112, 112] }]]) }],
    ['classify', { outputs: new Map([['logits', {}]]) }],
  ]);
});

const dot: Drawing = {
  size: 280,
  strokes: [{ width: 40, erase: false, points: [[100, 60]] }],
};

test('a dot is normalised on WebAssembly, classified, and boxed in the drawing’s units', async () => {
  const recognizer = await loadRecognizer('cnn.safetensors');
  const { digits, text, ms, backend } = await recognizer.read(dot);
  expect(model.ran).toEqual(['normalize on wasm', 'classify 784 pixels']);
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
