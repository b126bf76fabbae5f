/** @file What no system can be faster than: a GPU's round trip with nothing to do, and WebAssembly's best product. */
import { offer, query } from './page';

/** One dispatch that writes a number, and its way back. */
async function roundTrip() {
  const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main() { x[0] = 1; }`;
  const compute = { module: device.createShaderModule({ code }) };
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
  const { COPY_DST, COPY_SRC, MAP_READ, STORAGE } = GPUBufferUsage;
  const size = 40;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const answer = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  return async () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(buffer, 0, answer, 0, size);
    device.queue.submit([encoder.finish()]);
    await answer.mapAsync(GPUMapMode.READ);
    const result = new Float32Array(answer.getMappedRange().slice(0));
    answer.unmap();
    return result;
  };
}

/** The products of matmul.c. */
async function product() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('matmul.wasm'));
  const matmul = instance.exports['matmul'] as () => void;
  return async () => {
    matmul();
    return new Float32Array(10);
  };
}

offer(() => (query('backend') === 'webgpu' ? roundTrip() : product()));
