/** @file This project's runtime, as the library has it. */
import { type LoadOptions, loadModel } from '../../web/src/runtime/model';
import { offer } from './page';

offer(async (net, backend) => {
  const asked = backend as LoadOptions['backend'];
  const model = await loadModel(`${net}.safetensors`, { backend: asked });
  if (model.status.backend !== backend) throw new Error(model.status.reason);
  return async (images) => {
    const batch = Array.from({ length: images.length / 784 }, (_, i) => ({
      image: images.subarray(784 * i, 784 * (i + 1)),
    }));
    const outputs = await model.runAll('classify', batch);
    return Float32Array.from(outputs.flatMap(({ logits }) => [...logits!]));
  };
});
