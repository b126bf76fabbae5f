/** @file onnxruntime-web, as its documentation has it. */
import type * as Ort from 'onnxruntime-web';
import { type Make } from './page';

export const make =
  (ort: typeof Ort, provider: 'wasm' | 'webgpu'): Make =>
  async (net, backend) => {
    ort.env.wasm.numThreads = backend === 'threads' ? navigator.hardwareConcurrency : 1;
    const session = await ort.InferenceSession.create(`${net}.onnx`, {
      executionProviders: [provider],
    });
    return async (images) => {
      const image = new ort.Tensor('float32', images, [images.length / 784, 28, 28]);
      const { logits } = await session.run({ image });
      const values = (await logits!.getData()) as Float32Array;
      logits!.dispose();
      return values;
    };
  };
