/** @file This project's runtime, as the library has it. */
import { type LoadOptions, loadModel, type Model } from '../../web/src/runtime/model';
import { type Classify, offer } from './page';

offer(async (net, asked) => {
  // Whose file has no module with relaxed SIMD.
  const [backend, file] = asked === 'plain' ? ['wasm', `${net}.plain`] : [asked, net];

  async function load(name: string): Promise<Model> {
    const model = await loadModel(name, { backend: backend as LoadOptions['backend'] });
    if (model.status.backend !== backend) throw new Error(model.status.reason);
    return model;
  }

  const single = await load(`${file}.safetensors`);
  const alone: Classify = (images) => run(single, images);

  /** The faster of two ways: on WebAssembly a batch of convolutions is no faster than one after the other. */
  async function prepare(): Promise<Classify> {
    const several = await load(`${file}.many.safetensors`);
    const size = sizeOf(several);
    const together: Classify = async (images) => {
      const end = images.length - (images.length % size);
      const parts = [run(several, images.subarray(0, end)), run(single, images.subarray(end))];
      return join(await Promise.all(parts));
    };
    const times = [await best(together, size), await best(alone, size)];
    return times[0]! < times[1]! ? together : alone;
  }

  let many: Promise<Classify> | undefined;
  return async (images) => {
    return (images.length > 784 ? await (many ??= prepare()) : alone)(images);
  };
});

/** Numbers in what one call of the program takes. */
const sizeOf = ({ file }: Model) => file.programs.get('classify')!.inputs.get('image')!.bytes / 4;

async function run(model: Model, images: Float32Array): Promise<Float32Array> {
  const size = sizeOf(model);
  const batch = Array.from({ length: images.length / size }, (_, i) => {
    return { image: images.subarray(size * i, size * (i + 1)) };
  });
  return join((await model.runAll('classify', batch)).map(({ logits }) => logits!));
}

function join(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/** Milliseconds: the least of half a second's, because engines optimise what has run often. */
async function best(classify: Classify, size: number): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + 500;
  while (times.length < 2 || performance.now() < end) {
    const before = performance.now();
    await classify(new Float32Array(size));
    times.push(performance.now() - before);
  }
  return Math.min(...times);
}
