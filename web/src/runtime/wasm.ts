/**
 * @file The WebAssembly backend: the file's tensor "wasm" is one module, one function per program;
 * "wasm.relaxed", if there, the same with relaxed SIMD, for engines that have it.
 */
import { type Backend, findProgram, type Values, writeWeights } from './backend';
import { mapValues } from './json';
import type { ModelFile } from './modelfile';
import type { Region } from './program';

const PAGE = 65536;

/**
 * Compiles the file's module, the relaxed one if it can. It imports nothing and exports `memory`,
 * `__heap_base` (first free byte) and, for each program, a function of that name that takes the
 * address of the program's arena.
 * @throws Error if the browser refuses the module, or it does not export what it should
 */
export async function createWasm(file: ModelFile): Promise<Backend> {
  const code = file.tensors.get('wasm');
  if (!code) throw new Error('the model file holds no tensor "wasm"');
  const { bytes } = file.tensors.get('wasm.relaxed') ?? code;
  const { instance } = await WebAssembly.instantiate(bytes).catch(() =>
    WebAssembly.instantiate(code.bytes),
  );
  const { memory, __heap_base: heap } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory && heap instanceof WebAssembly.Global)) {
    throw new Error('the WebAssembly module exports no memory or no __heap_base');
  }

  let end = Number(heap.value);
  const bases = new Map<string, number>();
  for (const [name, { arena }] of file.programs) {
    if (typeof instance.exports[name] !== 'function') {
      throw new Error(`the WebAssembly module exports no function "${name}"`);
    }
    const base = Math.ceil(end / 256) * 256;
    bases.set(name, base);
    end = base + arena;
  }
  const pages = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  if (pages > 0) memory.grow(pages);

  /** Programs whose weights are in their arenas: from the first run on, since many a page has no use for some. */
  const ready = new Set<string>();

  function run(name: string, inputs: Values) {
    const program = findProgram(file, name, inputs);
    const base = bases.get(name)!;
    if (!ready.has(name)) writeWeights(file, program, (memory as WebAssembly.Memory).buffer, base);
    ready.add(name);
    const view = ({ offset, bytes }: Region) =>
      new Float32Array((memory as WebAssembly.Memory).buffer, base + offset, bytes / 4);
    for (const [key, slot] of program.inputs) view(slot).set(inputs[key]!);
    (instance.exports[name] as (base: number) => void)(base);
    return Object.fromEntries(mapValues(program.outputs, (slot) => view(slot).slice()));
  }

  return {
    name: 'wasm',
    run: async (name, inputs) => run(name, inputs),
    runAll: async (name, batch) => batch.map((inputs) => run(name, inputs)),
    destroy() {}, // all of it is the garbage collector's
  };
}
