/** @file What WebAssembly and WebGPU have in common. */
import type { ModelFile } from './modelfile';
import type { Program } from './program';
import { isRaw, readWeight } from './weights';

/** By name, row-major. */
export type Values = Readonly<Record<string, Float32Array>>;

export type Outputs = Record<string, Float32Array>;

/** Runs the programs of one model file. */
export interface Backend {
  readonly name: 'wasm' | 'webgpu';
  /**
   * Runs one program. `inputs` must stay as they are until the promise settles; the outputs are the
   * caller's to keep. Runs may be asked for at any time: each waits for the one before it.
   * @throws Error if there is no such program, or the inputs are not exactly those that it takes
   */
  run(program: string, inputs: Values): Promise<Outputs>;
  /** {@link run} for each of `batch`, in one trip to the device; the outputs in the same order. */
  runAll(program: string, batch: readonly Values[]): Promise<Outputs[]>;
  /** Frees what the garbage collector would not. */
  destroy(): void;
}

/** The program called `name`, once `inputs` are found to be what it takes. */
export function findProgram(file: ModelFile, name: string, inputs: Values): Program {
  const program = file.programs.get(name);
  if (!program) throw new Error(`the model has no program "${name}", only ${names(file.programs)}`);
  for (const key of Object.keys(inputs)) {
    if (program.inputs.has(key)) continue;
    throw new Error(`program "${name}" has no input "${key}", only ${names(program.inputs)}`);
  }
  for (const [key, { bytes }] of program.inputs) {
    const given = Object.hasOwn(inputs, key) ? inputs[key]!.length : 'none';
    if (given === bytes / 4) continue;
    throw new Error(
      `input "${key}" of program "${name}" has ${bytes / 4} numbers, but got ${given}`,
    );
  }
  return program;
}

/** Writes the program's weights to its arena, which starts at byte `base` of `memory`. */
export function writeWeights(file: ModelFile, program: Program, memory: ArrayBuffer, base: number) {
  for (const [name, { offset }] of program.weights) {
    if (isRaw(file.tensors, program.weights, name)) {
      new Uint8Array(memory, base + offset).set(file.tensors.get(name)!.bytes);
    } else {
      const weights = readWeight(file.tensors, name);
      new Float32Array(memory, base + offset, weights.length).set(weights);
    }
  }
}

const names = (map: ReadonlyMap<string, unknown>): string =>
  [...map.keys()].map((name) => `"${name}"`).join(', ') || 'none';
