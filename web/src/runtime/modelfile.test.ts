import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelFile, type Parts, safetensors } from './fixture';
import { ModelFileError } from './json';
import { parseModelFile } from './modelfile';
import { widen } from './safetensors';

test('reads tensors, card and programs', () => {
  const { tensors, card, programs } = parseModelFile(modelFile());
  expect(card).toEqual({ name: 'tiny' });
  expect(widen(tensors.get('w')!)).toEqual(Float32Array.of(1, -2, 0.5, 0));
  const program = programs.get('classify')!;
  expect(program.inputs.get('image')).toEqual({ offset: 0, bytes: 16, shape: [2, 2] });
  expect(program.weights.get('w')).toEqual({ offset: 256, bytes: 16, shape: [4] });
  expect(program.dispatches[1]!.bindings[0]).toEqual({ offset: 768, bytes: 16 });
});

test('a file of the time before fallbacks is read as well', () => {
  const file = modelFile(({ programs }) => delete programs['classify'].fallback);
  expect(parseModelFile(file).programs.get('classify')!.fallback.size).toBe(0);
});

const program = (edit: (p: any) => void) => (parts: Parts) => edit(parts.programs['classify']);
const header = (edit: (h: any) => void) => (parts: Parts) => {
  parts.header = edit;
};
const refused: [what: string, edit: (parts: Parts) => void, message: string][] = [
  [
    'no metadata',
    header((h) => delete h.__metadata__),
    'header.__metadata__ must be an object, but is missing',
  ],
  ['another format', (p) => (p.format = 'inkgrad/2'), 'must be "inkgrad/1", but is "inkgrad/2"'],
  ['no card', header((h) => delete h.__metadata__.card), 'card must be text, but is missing'],
  ['a card that is no JSON', header((h) => (h.__metadata__.card = '{')), 'card must be JSON'],
  ['a card that is a list', (p) => (p.card = []), 'card must be an object, but is a list of 0'],
  [
    'programs nested too deep to print',
    header((h) => (h.__metadata__.programs = '['.repeat(1e5) + ']'.repeat(1e5))),
    'programs must be an object, but is a list of 1',
  ],

  [
    'an unknown dtype',
    header((h) => (h.w.dtype = 'BF16')),
    'header.w.dtype must be "F32" or "F16" or "I8" or "U8", but is "BF16"',
  ],
  ['a dtype from the prototype', header((h) => (h.w.dtype = 'toString')), 'but is "toString"'],
  [
    'a fractional size',
    header((h) => (h.w.shape = [1.5])),
    'header.w.shape[0] must be a whole number',
  ],
  [
    'a size that overflows',
    header((h) => (h.w.shape = [2 ** 40, 2 ** 40, 0, 4])),
    '"w" needs 0 bytes, but has 8',
  ],
  [
    'a shape and offsets that differ',
    header((h) => (h.w.shape = [5])),
    '"w" needs 10 bytes, but has 8',
  ],
  [
    'offsets beyond the file',
    header((h) => (h.wasm.data_offsets[1] = 1e9)),
    'it is cut short: "wasm" ends at 1000000000 of',
  ],
  [
    'a negative offset',
    header((h) => (h.w.data_offsets[0] = -1)),
    'header.w.data_offsets[0] must be a whole number',
  ],
  [
    'offsets in reverse',
    header((h) => h.w.data_offsets.reverse()),
    '"w" needs 8 bytes, but has -8',
  ],
  [
    'three offsets',
    header((h) => h.w.data_offsets.push(9)),
    'must be a list of 2, but is a list of 3',
  ],
  [
    'tensors that overlap',
    header((h) => (h.w.data_offsets = [0, 8])),
    'overlaps the tensor before it',
  ],
  ['a gap', header((h) => delete h.w), '8 bytes before tensor "wasm" belong to no tensor'],
  ['bytes left over', header((h) => delete h.wasm), 'bytes at the end belong to no tensor'],

  [
    'a program that is a list',
    (p) => (p.programs['classify'] = []),
    'programs.classify must be an object',
  ],
  [
    'an arena of 2 GiB',
    program((p) => (p.arena = 2 ** 31)),
    'programs.classify.arena must be a multiple of 4 from 0 to 1073741824',
  ],
  [
    'two arenas of 600 MiB',
    (p) => {
      p.programs['classify'].arena = 600 * 2 ** 20;
      p.programs['again'] = p.programs['classify'];
    },
    'programs.again.arena must be a multiple of 4 from 0 to 444596224',
  ],
  ['an arena of 1023 bytes', program((p) => (p.arena = 1023)), 'must be a multiple of 4'],
  [
    'an input of another dtype',
    program((p) => (p.inputs.image.dtype = 'uint8')),
    'inputs.image.dtype must be "float32"',
  ],
  [
    'an input off the grid',
    program((p) => (p.inputs.image.offset = 16)),
    'inputs.image.offset must be a multiple of 256',
  ],
  [
    'an output beyond the arena',
    program((p) => (p.outputs.logits.shape = [65])),
    'outputs.logits.offset: the region ends at byte 1028 of an arena of 1024',
  ],
  [
    'a shape of infinite size',
    program((p) => (p.outputs.logits.shape = Array(99).fill(2 ** 50))),
    'ends at byte Infinity',
  ],
  [
    'an input over the weights',
    program((p) => (p.inputs.image.offset = 256)),
    'programs.classify: two regions overlap at byte 256',
  ],
  [
    'a weight that is no tensor',
    program((p) => (p.weights.v = 512)),
    'weights.v: the file holds no such tensor',
  ],
  [
    'a weight of bytes',
    program((p) => (p.weights.wasm = 512)),
    'must be F32, F16 or I8, but is U8',
  ],
  [
    'a weight beyond the arena',
    program((p) => (p.weights.w = 2048)),
    'weights.w must be a multiple of 256 from 0 to 1024',
  ],
  [
    'a kernel that is no text',
    program((p) => (p.kernels.scale = 1)),
    'kernels.scale must be text, but is 1',
  ],
  [
    'a kernel that is not there',
    program((p) => delete p.kernels.scale),
    'dispatches[0]: the program has no kernel "scale"',
  ],
  [
    'no workgroup',
    program((p) => (p.dispatches[0].workgroups[1] = 0)),
    'dispatches[0].workgroups[1] must be a whole number from 1 to 65535',
  ],
  ['too many workgroups', program((p) => (p.dispatches[0].workgroups[0] = 65536)), 'but is 65536'],
  [
    'two numbers of workgroups',
    program((p) => p.dispatches[0].workgroups.pop()),
    'must be a list of 3',
  ],
  [
    'a fallback that launches nothing',
    program((p) => (p.fallback.scale.workgroups = [0, 1, 1])),
    'fallback.scale.workgroups[0] must be a whole number from 1 to 65535',
  ],
  [
    'a fallback that is no code',
    program((p) => delete p.fallback.scale.wgsl),
    'fallback.scale.wgsl must be text, but is missing',
  ],
  [
    'a binding of 6 bytes',
    program((p) => (p.dispatches[0].bindings[1][1] = 6)),
    'bindings[1][1] must be a multiple of 4',
  ],
  [
    'a binding beyond the arena',
    program((p) => (p.dispatches[0].bindings[1][1] = 4096)),
    'ends at byte 4096 of an arena of 1024',
  ],
  [
    'bindings that overlap',
    program((p) => (p.dispatches[0].bindings[1][0] = 512)),
    'dispatches[0]: two regions overlap',
  ],
  [
    'nine bindings',
    program((p) => {
      p.arena = 8192;
      p.dispatches[0].bindings = Array.from({ length: 9 }, (_, i) => [1024 + 256 * i, 4]);
    }),
    'dispatches[0] has over 8 bindings',
  ],
];

test.each(refused)('refuses %s', (_, edit, message) => {
  const parse = () => parseModelFile(modelFile(edit));
  expect(parse).toThrow(ModelFileError);
  expect(parse).toThrow(message);
});

test('refuses a file that is too short, or no model file at all', () => {
  expect(() => parseModelFile(new ArrayBuffer(7))).toThrow('it is cut short: it has only 7 bytes');
  const html = new TextEncoder().encode('<!doctype html><title>Not found</title>').buffer;
  expect(() => parseModelFile(html)).toThrow('it is cut short or no .safetensors');
  expect(() => parseModelFile(new ArrayBuffer(64))).toThrow('header must be JSON');
});

const onlyModelFileErrors = (file: ArrayBuffer) => {
  try {
    parseModelFile(file);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFileError);
  }
};

test('a file cut anywhere is refused', () => {
  const file = modelFile();
  for (let length = 0; length < file.byteLength; length++) {
    expect(() => parseModelFile(file.slice(0, length))).toThrow(ModelFileError);
  }
});

test('a header with any bytes changed is read or refused, nothing else', () => {
  const file = new Uint8Array(modelFile());
  const headerEnd = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const change = fc.tuple(fc.nat(headerEnd - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const changed = file.slice();
      for (const [at, byte] of changes) changed[at] = byte;
      onlyModelFileErrors(changed.buffer);
    }),
    { numRuns: 1000 },
  );
});

test('a header of any JSON is read or refused, nothing else', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (tensor, programs) => {
      const metadata = { format: 'inkgrad/1', card: '{}', programs };
      onlyModelFileErrors(safetensors({}, metadata, (h) => (h['t'] = JSON.parse(tensor))));
      onlyModelFileErrors(safetensors({}, { ...metadata, programs: `{"p": ${programs}}` }));
    }),
  );
});

test('a name such as __proto__ is a name like any other', () => {
  const file = modelFile((parts) => {
    parts.header = (h) =>
      Object.defineProperty(h, '__proto__', {
        value: { dtype: 'U8', shape: [0], data_offsets: [0, 0] },
        enumerable: true,
      });
  });
  expect(parseModelFile(file).tensors.get('__proto__')!.bytes.length).toBe(0);
});
