import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemble, classify, f32, modelFile, type Parts } from './fixture';
import { parseModelFile } from './modelfile';
import { createWasm } from './wasm';

const create = (edit?: (parts: Parts) => void) => createWasm(parseModelFile(modelFile(edit)));
const code =
  (data: Uint8Array, name = 'wasm') =>
  (parts: Parts) => {
    parts.tensors[name] = { dtype: 'U8', shape: [data.length], data };
  };
const image = fc.float32Array({ minLength: 4, maxLength: 4, noNaN: true, min: -255, max: 255 });

test('computes what the program says, one call after another', async () => {
  const wasm = await create();
  await fc.assert(
    fc.asyncProperty(image, async (image) => {
      expect(await wasm.run('classify', { image })).toEqual({ logits: classify(image) });
    }),
  );
});

test('each program has an arena of its own, however large', async () => {
  const wasm = await create((parts) => {
    parts.tensors['v'] = f32(1, 2, 3, 4);
    const larger = { arena: 2 ** 22, weights: { v: 256 } }; // 64 pages more
    parts.programs['again'] = { ...parts.programs['classify'], ...larger };
    code(assemble(['classify', 'again'], 1000))(parts);
  });
  const [a, b] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8)];
  const first = await wasm.run('classify', { image: a });
  const second = await wasm.run('again', { image: b });
  expect([first, second]).toEqual([{ logits: classify(a) }, { logits: classify(b, [1, 2, 3, 4]) }]);
});

test('says what is wrong with the call', async () => {
  const wasm = await create();
  const image = new Float32Array(4);
  const cases = [
    ['clasify', { image }, 'the model has no program "clasify", only "classify"'],
    ['toString', { image }, 'the model has no program "toString"'],
    ['classify', { picture: image }, 'program "classify" has no input "picture", only "image"'],
    ['classify', {}, 'input "image" of program "classify" has 4 numbers, but got none'],
    ['classify', { image: new Float32Array(5) }, 'has 4 numbers, but got 5'],
  ] as const;
  for (const [program, inputs, message] of cases) {
    await expect(wasm.run(program, { ...inputs })).rejects.toThrow(message);
  }
});

test('says what is wrong with the module', async () => {
  await expect(create((parts) => delete parts.tensors['wasm'])).rejects.toThrow('no tensor "wasm"');
  await expect(create(code(Uint8Array.of(1, 2, 3)))).rejects.toThrow(WebAssembly.CompileError);
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  await expect(create(code(empty))).rejects.toThrow('exports no memory or no __heap_base');
  const other = assemble(['other'], 1000);
  await expect(create(code(other))).rejects.toThrow('exports no function "classify"');
});

test('takes the module with relaxed SIMD, and the other where the engine refuses it', async () => {
  const image = Float32Array.of(1, 2, 3, 4);
  const refused = await create(code(Uint8Array.of(1, 2, 3), 'wasm.relaxed'));
  expect(await refused.run('classify', { image })).toEqual({ logits: classify(image) });
  const taken = await create(code(assemble(['classify'], 1000, [0x00]), 'wasm.relaxed'));
  await expect(taken.run('classify', { image })).rejects.toThrow('unreachable');
});

test('a trap is an error', async () => {
  const trap = await create(code(assemble(['classify'], 1000, [0x00])));
  await expect(trap.run('classify', { image: new Float32Array(4) })).rejects.toThrow('unreachable');
});
