// Times functions run0, run1, … of a WebAssembly module in V8, whose optimising compiler has been at them all:
// node --no-liftoff time.mjs MODULE COUNT BYTES OUT
// Each takes the address of BYTES of memory and writes its first OUT bytes. Prints a JSON list: the median seconds of
// a call, or null where the output is not that of run0.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--experimental-wasm-relaxed-simd'); // of Node 20; later ones have it without

const [path, ...numbers] = process.argv.slice(2);
const [count, bytes, out] = numbers.map(Number);
const { instance } = await WebAssembly.instantiate(readFileSync(path));
const { memory, __heap_base, ...functions } = instance.exports;
const base = Math.ceil(__heap_base.value / 256) * 256;
memory.grow(Math.ceil(bytes / 65536));
const floats = new Float32Array(memory.buffer, base, bytes / 4);
const result = floats.subarray(0, out / 4);
// A linear congruential generator (Numerical Recipes): −1 … 1.
for (let i = 0, seed = 1; i < floats.length; i++) {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  floats[i] = seed / 2 ** 31;
}

const runs = Array.from({ length: count }, (_, i) => functions[`run${i}`]);
const outputs = runs.map((run) => {
  result.fill(NaN);
  run(base);
  return result.slice();
});
function agrees(a, b) {
  const largest = a.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  return a.every((x, i) => Math.abs(x - b[i]) <= 1e-4 * largest);
}
const right = runs.filter((_, i) => agrees(outputs[0], outputs[i]));

function time(run, calls) {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run(base);
  return (performance.now() - start) / calls / 1000;
}
const calls = right.map((run) => Math.max(1, Math.ceil(5e-4 / time(run, 3))));
const times = right.map(() => []);
for (let round = 0; round < 15; round++) {
  right.forEach((run, i) => times[i].push(time(run, calls[i])));
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const of = new Map(right.map((run, i) => [run, median(times[i])]));
console.log(JSON.stringify(runs.map((run) => of.get(run) ?? null)));
