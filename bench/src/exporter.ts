/**
 * @file The pattern of tinygrad's own exporter (extra/export_model.py), with this project's kernels: for
 * every kernel of every call a new bind group and a new pass, and the picture by way of a mapped buffer.
 */
import { writeWeights } from '../../web/src/runtime/backend';
import { parseModelFile } from '../../web/src/runtime/modelfile';
import { forFallback } from '../../web/src/runtime/program';
import { offer } from './page';

offer(async (net) => {
  const file = parseModelFile(await (await fetch(`${net}.safetensors`)).arrayBuffer());
  const adapter = (await navigator.gpu.requestAdapter())!;
  const made = file.programs.get('classify')!;
  const program = adapter.info.isFallbackAdapter ? forFallback(made) : made;
  const image = program.inputs.get('image')!;
  const logits = program.outputs.get('logits')!;
  const device = await adapter.requestDevice();
  const buffer = (size: number, usage: number) => device.createBuffer({ size, usage });
  const { COPY_DST, COPY_SRC, MAP_READ, MAP_WRITE, STORAGE } = GPUBufferUsage;
  const arena = buffer(program.arena, STORAGE | COPY_DST | COPY_SRC);
  const upload = buffer(image.bytes, MAP_WRITE | COPY_SRC);
  const answer = buffer(logits.bytes, MAP_READ | COPY_DST);
  const memory = new ArrayBuffer(program.arena);
  writeWeights(file, program, memory, 0);
  device.queue.writeBuffer(arena, 0, memory);
  const pipelines = new Map(
    await Promise.all(
      [...program.kernels].map(async ([entryPoint, code]) => {
        const module = device.createShaderModule({ code });
        const compute = { module, entryPoint };
        const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute });
        return [entryPoint, pipeline] as const;
      }),
    ),
  );

  async function classify(picture: Float32Array): Promise<Float32Array> {
    await upload.mapAsync(GPUMapMode.WRITE);
    new Float32Array(upload.getMappedRange()).set(picture);
    upload.unmap();
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(upload, 0, arena, image.offset, image.bytes);
    for (const { kernel, bindings, workgroups } of program.dispatches) {
      const pipeline = pipelines.get(kernel)!;
      const entries = bindings.map(({ offset, bytes: size }, binding) => {
        return { binding, resource: { buffer: arena, offset, size } };
      });
      const layout = pipeline.getBindGroupLayout(0);
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    }
    encoder.copyBufferToBuffer(arena, logits.offset, answer, 0, logits.bytes);
    device.queue.submit([encoder.finish()]);
    await answer.mapAsync(GPUMapMode.READ);
    const result = new Float32Array(answer.getMappedRange().slice(0));
    answer.unmap();
    return result;
  }

  return async (images) => {
    const all: number[] = [];
    for (let i = 0; i < images.length; i += 784) {
      all.push(...(await classify(images.subarray(i, i + 784))));
    }
    return Float32Array.from(all);
  };
});
