import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeWeights } from './backend';
import { f32, modelFile, type Parts } from './fixture';
import { parseModelFile } from './modelfile';
import { createWasm } from './wasm';
import { readWeight } from './weights';

const int8 =
  (scale: number[], shape: number[], values: ArrayLike<number>, factors = [scale.length]) =>
  (parts: Parts) => {
    const data = new Uint8Array(new Float32Array(scale).buffer);
    parts.tensors['w'] = {
      dtype: 'I8',
      shape,
      data: new Uint8Array(Int8Array.from(values).buffer),
    };
    parts.tensors['w.scale'] = { dtype: 'F32', shape: factors, data };
  };

test('int8 times the factor of its row or column, rounded once', () => {
  const positive = fc.float({ min: Math.fround(1e-30), max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(positive, { minLength: 2, maxLength: 2 }),
      fc.int8Array({ minLength: 4, maxLength: 4 }),
      (scale, values) => {
        const { tensors } = parseModelFile(modelFile(int8(scale, [2, 2, 1], values)));
        const products = [...values].map((value, i) => Math.fround(value * scale[i >> 1]!));
        expect(readWeight(tensors, 'w')).toEqual(Float32Array.from(products));

        const columns = parseModelFile(modelFile(int8(scale, [2, 1, 2], values, [1, 1, 2])));
        const across = [...values].map((value, i) => Math.fround(value * scale[i & 1]!));
        expect(readWeight(columns.tensors, 'w')).toEqual(Float32Array.from(across));
      },
    ),
  );
});

test('a program computes with them', async () => {
  const backend = await createWasm(parseModelFile(modelFile(int8([0.5, 0.25], [2, 2], [2, -4, 2, 0])))); // prettier-ignore
  const { logits } = await backend.run('classify', { image: Float32Array.of(1, 2, 3, 4) });
  expect(logits).toEqual(Float32Array.of(1, 16, 2.25, 0)); // as with 1, −2, ½ and 0 in float16
});

test('a program that reads the factors too has int8 as it is stored, and nothing else so', () => {
  fc.assert(
    fc.property(fc.int8Array({ minLength: 8, maxLength: 8 }), fc.boolean(), (values, asked) => {
      const bytes = modelFile((parts) => {
        int8([0.5, 0.25], [2, 4], values)(parts);
        Object.assign(parts.tensors, { v: f32(7), 'v.scale': f32(1) });
        const weights = { w: 256, v: 512, 'v.scale': 768 };
        Object.assign(parts.programs.classify, {
          arena: 1280,
          outputs: {},
          weights: asked ? { ...weights, 'w.scale': 1024 } : weights,
        });
      });
      const file = parseModelFile(bytes);
      const program = file.programs.get('classify')!;
      expect(program.weights.get('w')!.bytes).toBe(asked ? 8 : 32);
      expect(program.weights.get('v')!.bytes).toBe(4);
      const memory = new ArrayBuffer(1280 + 256);
      writeWeights(file, program, memory, 256);
      if (asked) {
        expect(new Int8Array(memory, 512, 8)).toEqual(values);
        expect(new Int8Array(memory, 520, 8)).toEqual(new Int8Array(8));
        expect(new Float32Array(memory, 1280, 2)).toEqual(Float32Array.of(0.5, 0.25));
      } else {
        expect(new Float32Array(memory, 512, 8)).toEqual(readWeight(file.tensors, 'w'));
      }
      expect(new Float32Array(memory, 768, 1)).toEqual(Float32Array.of(7));
    }),
  );
});

const refused: [what: string, edit: (parts: Parts) => void][] = [
  ['no factors', (p) => delete p.tensors['w.scale']],
  ['factors for other rows', (p) => (p.tensors['w']!.shape = [4])],
  ['factors of another shape', (p) => (p.tensors['w.scale']!.shape = [2, 1])],
  ['factors that are float16', (p) => Object.assign(p.tensors['w.scale']!, { dtype: 'F16', shape: [4] })], // prettier-ignore
];

test.each(refused)('refuses int8 with %s', (_, edit) => {
  const broken = (parts: Parts) => {
    int8([1, 1], [2, 2], [0, 0, 0, 0])(parts);
    edit(parts);
  };
  expect(() => parseModelFile(modelFile(broken))).toThrow('needs "w.scale", F32, of shape');
});
