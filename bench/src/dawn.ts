/** @file The runtime on this machine's own GPU: Dawn, Chromium's WebGPU, in Node. Driven by inkgrad/bench/gpu.py. */
import { readFileSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { parseModelFile } from '../../web/src/runtime/modelfile';
import { selfTest } from '../../web/src/runtime/selftest';
import { createWasm } from '../../web/src/runtime/wasm';
import { createWebGpu } from '../../web/src/runtime/webgpu';
import { roundTrip } from './roundtrip';

Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) } });

/** A model file; how many rounds, and how many calls of each system in a round. */
const [path, ...counts] = process.argv.slice(2);
const [rounds, calls] = counts.map(Number) as [number, number];

const bytes = readFileSync(path!);
const file = parseModelFile(new Uint8Array(bytes).buffer);
const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('Dawn finds no graphics adapter');
const [wasm, webgpu] = [await createWasm(file), await createWebGpu(file)];
for (const backend of [wasm, webgpu]) await selfTest(file, backend);

const image = Float32Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
const systems: Record<string, () => Promise<unknown>> = {
  'a round trip with nothing to do': await roundTrip(),
  'inkgrad, WebGPU': () => webgpu.run('classify', { image }),
  'inkgrad, WebAssembly': () => wasm.run('classify', { image }),
};

async function time(call: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await call();
  return performance.now() - before;
}

const names = Object.keys(systems);
const times = Object.fromEntries(names.map((name) => [name, [] as number[][]]));
// The first round warms up: engines optimise what has run often.
for (let round = -1; round < rounds; round++) {
  for (const i of names.keys()) {
    const name = names[(i + round + 1) % names.length]!;
    const taken: number[] = [];
    for (let call = 0; call < calls; call++) taken.push(await time(systems[name]!));
    if (round >= 0) times[name]!.push(taken);
  }
}
const { vendor, architecture, device, description } = adapter.info;
console.log(JSON.stringify({ adapter: { vendor, architecture, device, description }, times }));
process.exit(); // Dawn keeps Node alive
