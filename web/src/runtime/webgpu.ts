/**
 * @file The WebGPU backend. Whatever goes wrong after the start ends in one way: the device is given up.
 * Only a program that does not compile leaves the others as they are.
 */
import { type Backend, findProgram, type Outputs, type Values, writeWeights } from './backend';
import { hastened } from './firefoxPoll';
import { mapValues } from './json';
import type { ModelFile } from './modelfile';
import { Problem } from './problem';
import { forFallback, type Program } from './program';

/** Runs between two read-backs. */
const BATCH = 16;

/** The device went away, so the run has no answer: another backend may have. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

export interface WebGpu extends Backend {
  /** Resolves to the reason when the device is lost, given up or destroyed; never rejects. */
  readonly lost: Promise<string>;
}

/**
 * Takes a device of its own, so that `destroy` frees all that the model holds on the GPU. A program is
 * compiled at its first run, which rejects if WebGPU refuses it. A run rejects with DeviceLostError when
 * the device is lost before it has its answer.
 * @throws Error if there is no WebGPU, no adapter, or none large enough
 */
export async function createWebGpu(file: ModelFile): Promise<WebGpu> {
  const { device, isFallback } = await requestDevice(file);
  let giveUp!: (why: string) => void;
  const lost = new Promise<string>((resolve) => {
    giveUp = (why) => {
      device.destroy();
      // A device that was lost says why, better than the call that failed of it.
      resolve(device.lost.then((info) => (info.reason === 'destroyed' ? why : info.message)));
    };
  });
  void device.lost.then((info) => giveUp(info.message));
  // An error outside any scope leaves the results in doubt.
  device.addEventListener('uncapturederror', ({ error }) => giveUp(error.message));

  const prepared = new Map<string, ReturnType<typeof prepare>>();
  async function runAll(name: string, batch: readonly Values[]): Promise<Outputs[]> {
    if (batch.length === 0) return [];
    const program = findProgram(file, name, batch[0]!);
    for (const inputs of batch) findProgram(file, name, inputs);
    if (!prepared.has(name)) {
      prepared.set(name, prepare(device, file, isFallback ? forFallback(program) : program));
    }
    const { arena, staging, start, stride, steps } = await prepared.get(name)!;
    try {
      const results: Outputs[] = [];
      for (let first = 0; first < batch.length; first += BATCH) {
        const part = batch.slice(first, first + BATCH);
        // The queue keeps the order of writes and runs: only the one read-back waits for the device.
        part.forEach((inputs, i) => {
          for (const [key, { offset }] of program.inputs) {
            device.queue.writeBuffer(arena, offset, inputs[key]!);
          }
          const encoder = device.createCommandEncoder();
          const pass = encoder.beginComputePass();
          for (const { pipeline, bindGroup, workgroups } of steps) {
            pass.setPipeline(pipeline);
            pass.setBindGroup(0, bindGroup);
            pass.dispatchWorkgroups(...workgroups);
          }
          pass.end();
          encoder.copyBufferToBuffer(arena, start, staging, i * stride, stride);
          device.queue.submit([encoder.finish()]);
        });

        await hastened(staging.mapAsync(GPUMapMode.READ, 0, part.length * stride), device);
        const mapped = staging.getMappedRange(0, part.length * stride);
        part.forEach((_, i) => {
          const outputs = mapValues(program.outputs, ({ offset, bytes }) => {
            const at = i * stride + offset - start;
            return new Float32Array(mapped.slice(at, at + bytes));
          });
          results.push(Object.fromEntries(outputs));
        });
        staging.unmap();
      }
      return results;
    } catch (error) {
      giveUp((error as Error).message);
      throw new DeviceLostError(await lost);
    }
  }

  // One arena and one staging buffer a program: one run at a time. When the device is lost that run ends
  // at once, whatever the browser makes of the promises that it waits for.
  let queue: Promise<unknown> = Promise.resolve();
  let gone: DeviceLostError | undefined;
  let abandon: (error: DeviceLostError) => void = () => {};
  void lost.then((reason) => abandon((gone = new DeviceLostError(reason))));
  const gpu: WebGpu = {
    name: 'webgpu',
    lost,
    run: async (name, inputs) => (await gpu.runAll(name, [inputs]))[0]!,
    async runAll(name, batch) {
      const result = queue.then(() => {
        if (gone) throw gone;
        return new Promise<Outputs[]>((resolve, reject) => {
          abandon = reject;
          runAll(name, batch).then(resolve, reject);
        });
      });
      queue = result.catch(() => {});
      return result;
    },
    destroy: () => giveUp('the model was destroyed'),
  };
  return gpu;
}

async function requestDevice(file: ModelFile) {
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (!gpu) throw new Problem('this browser does not offer WebGPU here');
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Problem('WebGPU finds no graphics adapter');
  // A limit below the default is raised to it, so small models ask for nothing.
  const programs = [...file.programs.values()];
  const bindings = programs.flatMap((p) => p.dispatches.flatMap((d) => d.bindings));
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxBufferSize: Math.max(0, ...programs.map((p) => p.arena)),
      maxStorageBufferBindingSize: Math.max(0, ...bindings.map((b) => b.bytes)),
    },
  });
  const info = adapter.info as GPUAdapterInfo | undefined; // Chrome has it from 127
  return { device, isFallback: info?.isFallbackAdapter ?? false };
}

/** Makes all that the runs of a program need. */
async function prepare(device: GPUDevice, file: ModelFile, program: Program) {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const built = await build(device, file, program).catch((error: Error) => error);
  const [invalid, full] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  if (built instanceof Error) throw built;
  const error = invalid ?? full;
  if (error) throw new Error(error.message);
  return built;
}

async function build(device: GPUDevice, file: ModelFile, program: Program) {
  const arena = device.createBuffer({
    size: program.arena,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    mappedAtCreation: true,
  });
  writeWeights(file, program, arena.getMappedRange(), 0);
  arena.unmap();
  // The outputs lie side by side in the arena: all come back in one copy.
  const outputs = [...program.outputs.values()];
  const start = Math.min(...outputs.map(({ offset }) => offset));
  const stride = Math.max(...outputs.map(({ offset, bytes }) => offset + bytes)) - start;
  const staging = device.createBuffer({
    size: BATCH * stride,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });

  const arity = new Map(program.dispatches.map((d) => [d.kernel, d.bindings.length]));
  const compiled = [...arity].map(async ([name, count]) => {
    const pipeline = await compile(device, name, program.kernels.get(name)!, count);
    return [name, pipeline] as const;
  });
  const pipelines = new Map(await Promise.all(compiled));
  const steps = program.dispatches.map(({ kernel, workgroups, bindings }) => {
    const pipeline = pipelines.get(kernel)!;
    const layout = pipeline.getBindGroupLayout(0);
    const entries = bindings.map(({ offset, bytes: size }, binding) => {
      return { binding, resource: { buffer: arena, offset, size } };
    });
    return { pipeline, bindGroup: device.createBindGroup({ layout, entries }), workgroups };
  });
  return { arena, staging, start, stride, steps };
}

/** A pipeline with the layout stated: with 'auto' a binding that the kernel never reads would vanish. */
async function compile(device: GPUDevice, name: string, code: string, bindings: number) {
  const fail = (what: string) => new Error(`kernel "${name}" does not compile: ${what}`);
  const module = device.createShaderModule({ label: name, code });
  const { messages } = await module.getCompilationInfo();
  const error = messages.find(({ type }) => type === 'error');
  if (error) throw fail(`line ${error.lineNum}: ${error.message}`);

  const buffer: GPUBufferBindingLayout = { type: 'storage' };
  const layout = device.createBindGroupLayout({
    entries: Array.from({ length: bindings }, (_, binding) => {
      return { binding, visibility: GPUShaderStage.COMPUTE, buffer };
    }),
  });
  const pipeline = device.createComputePipelineAsync({
    label: name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: name },
  });
  return pipeline.catch((error: Error) => Promise.reject(fail(error.message)));
}
