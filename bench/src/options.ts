/** @file Times WGSL kernels in Dawn, one after the other. Driven by inkgrad/bench/webgpu.py. */
import { readFileSync } from 'node:fs';
import { create, globals } from 'webgpu';

/** Bytes of each argument, of which a kernel writes the first, and kernels that should all write the same. */
interface Job {
  sizes: number[];
  candidates: { wgsl: string; name: string; workgroups: [number, number, number] }[];
}

const ROUNDS = 5;
/** Milliseconds beside which the way to the device and back is nothing. */
const LONG = 3;

Object.assign(globalThis, globals);
// Not a constant: collected while its device works, it takes Node down with it (webgpu 0.6.2).
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) } });
const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Dawn finds no graphics adapter');
const device = await adapter.requestDevice();
const { COPY_DST, COPY_SRC, MAP_READ, STORAGE } = GPUBufferUsage;

const { sizes, candidates } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Job;
const buffers = sizes.map((bytes, seed) => {
  const size = Math.ceil(bytes / 4) * 4;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_DST | COPY_SRC });
  let state = seed + 1;
  // A linear congruential generator (Numerical Recipes): −1 … 1.
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
  device.queue.writeBuffer(buffer, 0, Float32Array.from({ length: size / 4 }, next));
  return buffer;
});
const [result] = buffers as [GPUBuffer];
const answer = device.createBuffer({ size: result.size, usage: MAP_READ | COPY_DST });
const bindGroupLayout = device.createBindGroupLayout({
  entries: sizes.map((_, binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: 'storage' },
  })),
});
const layout = device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] });
const bindGroup = device.createBindGroup({
  layout: bindGroupLayout,
  entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
});

/** Milliseconds of so many dispatches in a row, with the way to the device and back. */
type Run = (dispatches: number) => Promise<number>;

/** Null where WebGPU refuses the kernel. */
async function prepare({ wgsl, name, workgroups }: Job['candidates'][number]): Promise<Run | null> {
  device.pushErrorScope('validation');
  const compute = { module: device.createShaderModule({ code: wgsl }), entryPoint: name };
  const pipeline = await device.createComputePipelineAsync({ layout, compute }).catch(() => null);
  if ((await device.popErrorScope()) || !pipeline) return null;
  return async (dispatches) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(...workgroups);
    pass.end();
    encoder.copyBufferToBuffer(result, 0, answer, 0, result.size);
    const before = performance.now();
    device.queue.submit([encoder.finish()]);
    await answer.mapAsync(GPUMapMode.READ);
    const taken = performance.now() - before;
    written = new Float32Array(answer.getMappedRange().slice(0));
    answer.unmap();
    return taken;
  };
}

let written = new Float32Array();
let expected: Float32Array | null = null;
function isRight(): boolean {
  const first = (expected ??= written);
  const largest = first.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return written.every((x, i) => Math.abs(x - first[i]!) <= 1e-3 * largest + 1e-6);
}

const runs: { run: Run; calls: number; index: number; times: number[] }[] = [];
for (const [index, candidate] of candidates.entries()) {
  const run = await prepare(candidate);
  if (!run && index === 0) break; // which the others are compared with
  if (!run) continue;
  // What is wrong twice would be right by what the one before it had written.
  device.queue.writeBuffer(result, 0, new Float32Array(result.size / 4).fill(NaN));
  const once = await run(1);
  if (!isRight()) continue;
  const one = once > LONG ? once : ((await run(11)) - (await run(1))) / 10;
  runs.push({ run, index, times: [], calls: Math.min(500, Math.ceil(1 / Math.max(one, 1e-3))) });
}
for (let round = 0; round < ROUNDS; round++) {
  for (const { run, calls, times } of runs) {
    times.push(((await run(2 * calls)) - (await run(calls))) / calls);
  }
}
const medians: (number | null)[] = candidates.map(() => null);
for (const { index, times } of runs) {
  // A nanosecond where a busy machine's differences say nothing or less.
  medians[index] = Math.max(1e-6, times.sort((a, b) => a - b)[times.length >> 1]!);
}
console.log(JSON.stringify({ fallback: adapter.info.isFallbackAdapter, medians }));
process.exit(); // Dawn keeps Node alive
