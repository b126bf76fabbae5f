/** @file A program of a model file: the plan that both backends carry out, every field checked. */
import { check, type Json, mapValues } from './json';
import { elements, type Tensor } from './safetensors';
import { isRaw, weightShape } from './weights';

/** A range of a program's arena, in bytes; WebGPU wants offsets that are multiples of 256. */
export interface Region {
  readonly offset: number;
  readonly bytes: number;
}

/** The place of an input, an output or a weight in the arena: float32, row-major; int8, for some weights. */
export interface Slot extends Region {
  readonly shape: readonly number[];
}

type Workgroups = readonly [x: number, y: number, z: number];

/** One launch of a kernel; its i-th binding is `@group(0) @binding(i)`. */
export interface Dispatch {
  readonly kernel: string;
  readonly workgroups: Workgroups;
  readonly bindings: readonly Region[];
}

/** Inputs, outputs, weights and temporaries all lie in one flat memory, the arena. */
export interface Program {
  /** Bytes of the arena. */
  readonly arena: number;
  readonly inputs: ReadonlyMap<string, Slot>;
  readonly outputs: ReadonlyMap<string, Slot>;
  /** By the name of the tensor that holds the values. */
  readonly weights: ReadonlyMap<string, Slot>;
  /** WGSL by the name of its entry point. */
  readonly kernels: ReadonlyMap<string, string>;
  /** For WebGPU in software: what to run in a kernel's place. */
  readonly fallback: ReadonlyMap<
    string,
    { readonly wgsl: string; readonly workgroups: Workgroups }
  >;
  /** In the order in which they run. */
  readonly dispatches: readonly Dispatch[];
}

/** What every WebGPU device offers (https://www.w3.org/TR/webgpu/#limit-default). */
const MAX_BINDINGS = 8;
const MAX_WORKGROUPS = 65535;

/** Bytes of all arenas of a file: far above any model for a page, far below what would sink one. */
const MAX_ARENAS = 2 ** 30;

/** The program as a fallback adapter, which is WebGPU in software, runs it fastest. */
export function forFallback(program: Program): Program {
  const { kernels, fallback, dispatches } = program;
  return {
    ...program,
    kernels: mapValues(kernels, (wgsl, name) => fallback.get(name)?.wgsl ?? wgsl),
    dispatches: dispatches.map((dispatch) => {
      return { ...dispatch, workgroups: (fallback.get(dispatch.kernel) ?? dispatch).workgroups };
    }),
  };
}

/**
 * Checks the metadata's `programs`.
 * @param tensors those of the same file, which the programs' weights name
 * @throws ModelFileError
 */
export function parsePrograms(
  programs: Json,
  tensors: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Program> {
  let room = MAX_ARENAS;
  return mapValues(programs.fields(), (program) => {
    const parsed = parseProgram(program, tensors, room);
    room -= parsed.arena;
    return parsed;
  });
}

function parseProgram(program: Json, tensors: ReadonlyMap<string, Tensor>, room: number): Program {
  const arena = program.get('arena').whole({ max: room, step: 4 });
  const region = (start: Json, bytes: number): Region => {
    const offset = start.whole({ max: arena, step: 256 });
    const end = offset + bytes;
    check(end <= arena, `${start.path}: the region ends at byte ${end} of an arena of ${arena}`);
    return { offset, bytes };
  };
  const slot = (field: Json): Slot => {
    field.get('dtype').oneOf('float32');
    const shape = field.get('shape').shape();
    return { ...region(field.get('offset'), 4 * elements(shape)), shape };
  };
  const places = program.get('weights').fields();
  const weight = (offset: Json, name: string): Slot => {
    const shape = weightShape(tensors, name, offset.path);
    return { ...region(offset, (isRaw(tensors, places, name) ? 1 : 4) * elements(shape)), shape };
  };
  const inputs = mapValues(program.get('inputs').fields(), slot);
  const outputs = mapValues(program.get('outputs').fields(), slot);
  const weights = mapValues(places, weight);
  // What is written before a run must leave the weights as they are.
  disjoint(program, [...inputs.values(), ...outputs.values(), ...weights.values()]);

  const workgroups = (launch: Json): Workgroups => {
    const counts = launch.get('workgroups').items(3);
    const [x, y, z] = counts.map((n) => n.whole({ min: 1, max: MAX_WORKGROUPS }));
    return [x!, y!, z!];
  };
  const kernels = mapValues(program.get('kernels').fields(), (source) => source.text());
  // Files written before there were any have none.
  const fallback = mapValues(program.fields().get('fallback')?.fields() ?? [], (shader) => {
    return { wgsl: shader.get('wgsl').text(), workgroups: workgroups(shader) };
  });
  const dispatches = program
    .get('dispatches')
    .items()
    .map((dispatch) => {
      const kernel = dispatch.get('kernel').text();
      check(kernels.has(kernel), `${dispatch.path}: the program has no kernel "${kernel}"`);
      const bindings = dispatch
        .get('bindings')
        .items()
        .map((binding) => {
          const [offset, bytes] = binding.items(2);
          return region(offset!, bytes!.whole({ min: 4, step: 4 }));
        });
      check(bindings.length <= MAX_BINDINGS, `${dispatch.path} has over ${MAX_BINDINGS} bindings`);
      disjoint(dispatch, bindings); // all are writable, so WebGPU forbids that they overlap
      return { kernel, workgroups: workgroups(dispatch), bindings };
    });
  return { arena, inputs, outputs, weights, kernels, fallback, dispatches };
}

function disjoint({ path }: Json, regions: readonly Region[]): void {
  let end = 0;
  for (const { offset, bytes } of [...regions].sort((a, b) => a.offset - b.offset)) {
    check(offset >= end, `${path}: two regions overlap at byte ${offset} of the arena`);
    end = offset + bytes;
  }
}
