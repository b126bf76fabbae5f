/** @file What no system on WebGPU can be faster than: a GPU's round trip with nothing to do. */

/** One dispatch that writes a number, and its way back. */
export async function roundTrip(): Promise<() => Promise<Float32Array>> {
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
