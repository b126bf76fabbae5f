/** @file For tests: a model file small enough to check by hand, with its WebAssembly written out. */

export interface RawTensor {
  dtype: string;
  shape: number[];
  data: Uint8Array;
}

/** A .safetensors of the tensors in order, the header as given or made to match. */
export function safetensors(
  tensors: Record<string, RawTensor>,
  metadata: unknown,
  edit: (header: Record<string, any>) => void = () => {},
): ArrayBuffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, (at += data.length)] };
  }
  edit(header);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  at = 8 + text.length;
  for (const { data } of Object.values(tensors)) {
    file.set(data, at);
    at += data.length;
  }
  return file.buffer;
}

export const f32 = (...values: number[]): RawTensor => ({
  dtype: 'F32',
  shape: [values.length],
  data: new Uint8Array(new Float32Array(values).buffer),
});

const u8 = (data: Uint8Array): RawTensor => ({ dtype: 'U8', shape: [data.length], data });

/** The weights 1, −2, ½ and 0 as float16, from IEEE 754 and not from our code. */
const WEIGHTS = {
  dtype: 'F16',
  shape: [4],
  data: new Uint8Array([0, 0x3c, 0, 0xc0, 0, 0x38, 0, 0]),
};

/** What the program "classify" below computes: (weight · x)², in float32. */
export function classify(image: ArrayLike<number>, weights = [1, -2, 0.5, 0]): Float32Array {
  return Float32Array.from(weights, (w, i) => Math.fround(w * image[i]!) ** 2);
}

export const PROGRAM = {
  arena: 1024,
  inputs: { image: { offset: 0, shape: [2, 2], dtype: 'float32' } },
  outputs: { logits: { offset: 768, shape: [4], dtype: 'float32' } },
  weights: { w: 256 },
  kernels: {
    scale: `@group(0) @binding(0) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(1) var<storage, read_write> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<f32>;
@compute @workgroup_size(2) fn scale(@builtin(global_invocation_id) id: vec3<u32>) {
  hidden[id.x] = image[id.x] * w[id.x];
}`,
    square: `@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> hidden: array<f32>;
@compute @workgroup_size(4) fn square(@builtin(global_invocation_id) id: vec3<u32>) {
  logits[id.x] = hidden[id.x] * hidden[id.x];
}`,
  },
  /** `scale` in one workgroup. */
  fallback: {
    scale: {
      wgsl: `@group(0) @binding(0) var<storage, read_write> hidden: array<f32>;
@group(0) @binding(1) var<storage, read_write> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<f32>;
@compute @workgroup_size(1) fn scale() {
  for (var i = 0; i < 4; i++) { hidden[i] = image[i] * w[i]; }
}`,
      workgroups: [1, 1, 1],
    },
  },
  dispatches: [
    {
      kernel: 'scale',
      workgroups: [2, 1, 1],
      bindings: [
        [512, 16],
        [0, 16],
        [256, 16],
      ],
    },
    {
      kernel: 'square',
      workgroups: [1, 1, 1],
      bindings: [
        [768, 16],
        [512, 16],
      ],
    },
  ],
};

/** Its one function computes the same; the first free byte is 1000, the memory one page. */
export const WASM = assemble(['classify'], 1000);

/** The whole model; `edit` changes what goes into it first. */
export function modelFile(edit: (parts: Parts) => void = () => {}): ArrayBuffer {
  const all = parts();
  edit(all);
  const { format, card, programs } = all;
  const metadata = { format, card: JSON.stringify(card), programs: JSON.stringify(programs) };
  return safetensors(all.tensors, metadata, all.header);
}

export type Parts = ReturnType<typeof parts>;

function parts() {
  const tensors: Record<string, RawTensor> = {
    'selftest.classify.image': f32(1, 2, 3, 4),
    'selftest.classify.logits': f32(1, 16, 2.25, 0),
    w: WEIGHTS,
    wasm: u8(WASM),
  };
  return {
    tensors,
    format: 'inkgrad/1' as unknown,
    card: { name: 'tiny' } as unknown,
    programs: { classify: structuredClone(PROGRAM) } as Record<string, any>,
    header: (_: Record<string, any>) => {},
  };
}

/**
 * The module, byte by byte (https://webassembly.github.io/spec/core/binary/modules.html): one function
 * under all the names, `body` its code.
 */
export function assemble(names: string[], heapBase: number, body = squares()): Uint8Array {
  const section = (id: number, ...content: number[]) => [id, ...leb(content.length), ...content];
  const string = (s: string) => [s.length, ...new TextEncoder().encode(s)];
  const code = [0, ...body, 0x0b]; // no locals … end
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
    ...section(1, 1, 0x60, 1, 0x7f, 0), // one type: (i32) -> ()
    ...section(3, 1, 0), // one function, of type 0
    ...section(5, 1, 0, 1), // one memory, of a page or more
    ...section(6, 1, 0x7f, 0, 0x41, ...leb(heapBase), 0x0b), // one i32 constant
    ...section(
      7,
      2 + names.length,
      ...[...string('memory'), 2, 0],
      ...[...string('__heap_base'), 3, 0],
      ...names.flatMap((name) => [...string(name), 0, 0]),
    ),
    ...section(10, 1, ...leb(code.length), ...code),
  ]);
}

/**
 * logits[i] = (image[i] · w[i])², in stack machine order, for i = 0 to 3; a trap if the arena does not
 * begin at a multiple of 256.
 */
function squares(): number[] {
  const trap = [0x20, 0, 0x41, ...leb(255), 0x71, 0x04, 0x40, 0x00, 0x0b]; // if (base & 255) unreachable
  const load = (at: number) => [0x20, 0, 0x2a, 2, ...leb(at)]; // local.get 0, f32.load
  const product = (i: number) => [...load(4 * i), ...load(256 + 4 * i), 0x94]; // f32.mul
  const steps = [0, 1, 2, 3].flatMap((i) => {
    return [0x20, 0, ...product(i), ...product(i), 0x94, 0x38, 2, ...leb(768 + 4 * i)]; // f32.store
  });
  return [...trap, ...steps];
}

/** LEB128; the extra group keeps small numbers positive where a signed one is read. */
function leb(n: number): number[] {
  return n < 64 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >> 7)];
}
