/** @file This project's runtime, as the library has it. */
import { type LoadOptions, loadModel } from '../../web/src/runtime/model';
import { offer } from './page';

offer(async (net, backend) => {
  async function load(name: string) {
    const model = await loadModel(name, { backend: backend as LoadOptions['backend'] });
    if (model.status.backend !== backend) throw new Error(model.status.reason);
    return model;
  }
  const model = await load(`${net}.safetensors`);
  let many: ReturnType<typeof load> | undefined;

  /** `count` pictures a call from the first of `images` on, as often as they are so many; all of their logits. */
  return async (images) => {
    const logits: Float32Array[] = [];
    let done = 0;
    if (images.length > 784) {
      many ??= load(`${net}.many.safetensors`);
      for (const [name, { inputs }] of (await many).file.programs) {
        const { bytes } = inputs.get('images')!;
        const batch = chunks(images.subarray(done), bytes / 4);
        done += (batch.length * bytes) / 4;
        const outputs = await (await many).runAll(name, batch.map((images) => ({ images }))); // prettier-ignore
        logits.push(...outputs.map(({ logits }) => logits!));
      }
    }
    const rest = chunks(images.subarray(done), 784);
    const outputs = await model.runAll('classify', rest.map((image) => ({ image }))); // prettier-ignore
    logits.push(...outputs.map(({ logits }) => logits!));
    return join(logits);
  };
});

/** The parts of `values` that are `size` long, and lie one after the other. */
const chunks = (values: Float32Array, size: number): Float32Array[] =>
  Array.from({ length: Math.floor(values.length / size) }, (_, i) => {
    return values.subarray(size * i, size * (i + 1));
  });

function join(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
