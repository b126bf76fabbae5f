/**
 * @file From ink to digits: the composition of ink and runtime, and the library for other pages.
 *
 * ```js
 * import { loadRecognizer } from './inkgrad.js';
 * const recognizer = await loadRecognizer('./models/cnn.safetensors');
 * const line = { width: 22, erase: false, points: [[140, 40], [140, 240]] };
 * const { text } = await recognizer.read({ size: 280, strokes: [line] }); // '1'
 * ```
 */
import type { Drawing } from './ink/drawing';
import type { Box } from './ink/fit';
import { partsOf } from './ink/parts';
import { MASK } from './ink/raster';
import { around, candidates, choose } from './ink/segment';
import type { Outputs } from './runtime/backend';
import { type LoadOptions, loadModel, type Status } from './runtime/model';
import { Problem } from './runtime/problem';

/** Groups that are read at a stretch: 10 to 20 ms on WebAssembly. */
const CHUNK = 6;

export type { Drawing, Point, Stroke } from './ink/drawing';
export { inkOf, type Picture } from './ink/picture';
export type { Box, LoadOptions, Status };
export { Problem };
/** For model files of anything but digits: any program of fixed shapes that `inkgrad.export` wrote. */
export { loadModel, type Model } from './runtime/model';

/** One digit that was read. */
export interface Digit {
  readonly digit: number;
  /** Of the digits 0 … 9, calibrated by the model's temperature; their sum is 1. */
  readonly probabilities: readonly number[];
  /** False where the ink is probably no digit, but a letter, a scribble or something else. */
  readonly sure: boolean;
  /** Around its ink, in the drawing's units. */
  readonly box: Box;
  /** What the network saw: 28×28, row by row, 0 (paper) … 255 (ink). */
  readonly image: Float32Array;
}

export interface Reading {
  /** From left to right; none if there is no ink. */
  readonly digits: readonly Digit[];
  /** The digits as text; '' if there is no ink. */
  readonly text: string;
  /** From ink to probabilities, milliseconds; of the reading before, if nothing was new in this one. */
  readonly ms: number;
  /** Which backend classified. */
  readonly backend: Status['backend'];
}

/** What the activation after one layer gives. */
export interface Activation {
  /** [channels, height, width], or [n]. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

export interface Recognizer {
  /** What the model's file says of it: name, net, accuracy and more. */
  readonly card: Readonly<Record<string, unknown>>;
  /** The size of the model's file. */
  readonly bytes: number;
  readonly status: Status;
  /**
   * What was read of a stroke before is not read again. So a stroke may grow from call to call, by points
   * added at its end; the points that it has are never changed in place.
   */
  read(drawing: Drawing): Promise<Reading>;
  /**
   * @param image 28×28, row by row, 0 (paper) … 255 (ink), as the bytes of MNIST
   * @returns ten logits
   */
  classify(image: Float32Array): Promise<Float32Array>;
  /** {@link classify} for each of `images`, in one trip to the device. */
  classifyAll(images: readonly Float32Array[]): Promise<Float32Array[]>;
  /** What each layer of the network makes of such a picture; none if the file has no program for it. */
  explain(image: Float32Array): Promise<Activation[]>;
  /** Frees the GPU; what is being read rejects. */
  destroy(): void;
}

/**
 * Loads a model file.
 * @throws Problem if the file cannot be had or used, or no backend starts
 */
export async function loadRecognizer(
  url: string | URL | ArrayBuffer,
  options: LoadOptions = { backend: 'auto' },
): Promise<Recognizer> {
  const model = await loadModel(url, options);
  const { card, programs, tensors } = model.file;
  const [side] = programs.get('normalize')?.inputs.get('mask')?.shape ?? [];
  const outputs = programs.get('classify')?.outputs;
  if (side !== MASK || !outputs?.has('logits') || !outputs.has('digit')) {
    model.destroy();
    throw new Problem('The model file reads no digits, or is too old: export it again');
  }
  const temperature = typeof card.temperature === 'number' ? card.temperature : 1;
  const threshold = typeof card.sure === 'number' ? card.sure : -Infinity;

  /** A group of parts as one digit, and −ln of the chance that it is a digit, and that one. */
  function judge(image: Float32Array, { logits, digit: odds }: Outputs, box: Box): Judged {
    const probabilities = softmax(logits!, temperature);
    const digit = probabilities.indexOf(Math.max(...probabilities));
    const isDigit = odds![0]!;
    const cost = softplus(-isDigit) - Math.log(probabilities[digit]!);
    return { digit: { digit, probabilities, sure: isDigit >= threshold, box, image }, cost };
  }

  // What the last reading read, by the parts of each group: while someone draws, most stays.
  let known = new Map<string, Judged>();
  let ms = 0;

  return {
    card,
    // Every tensor is a view of the whole file.
    bytes: tensors.values().next().value!.bytes.buffer.byteLength,
    get status() {
      return model.status;
    },
    async classify(image) {
      return (await model.run('classify', { image })).logits!;
    },
    async classifyAll(images) {
      const batch = images.map((image) => ({ image }));
      return (await model.runAll('classify', batch)).map(({ logits }) => logits!);
    },
    async explain(image) {
      const layers = programs.get('explain')?.outputs;
      if (!layers) return [];
      const outputs = await model.run('explain', { image });
      return [...layers].map(([name, { shape }]) => ({ shape, values: outputs[name]! }));
    },
    async read(drawing) {
      const start = performance.now();
      const { backend } = model.status;
      const { boxes, bounds, keys, mask } = partsOf(drawing);
      const groups = candidates(boxes);
      const common = [backend, drawing.size]; // what a digit's box is in units of
      const names = groups.map((group) => [...common, ...group.map((i) => keys[i])].join());
      const judged = new Map([...known].filter(([name]) => names.includes(name)));
      const unread = groups.filter((_, g) => !judged.has(names[g]!));
      for (let first = 0; first < unread.length; first += CHUNK) {
        if (first > 0) await new Promise((resolve) => setTimeout(resolve)); // the pen's turn
        const chunk = unread.slice(first, first + CHUNK);
        // Microseconds on WebAssembly, less than any GPU takes to answer.
        const masks = chunk.map((group) => ({ mask: new Float32Array(mask(group)) }));
        const images = (await model.wasm.runAll('normalize', masks)).map(({ image }) => image!);
        const batch = images.map((image) => ({ image }));
        const outputs = await model.runAll('classify', batch);
        chunk.forEach((group, k) => {
          const box = around(group.map((i) => bounds[i]!));
          judged.set(names[groups.indexOf(group)]!, judge(images[k]!, outputs[k]!, box));
        });
      }
      known = judged;
      const costs = names.map((name) => judged.get(name)!.cost);
      const digits = choose(boxes, groups, costs).map(
        (group) => judged.get(names[groups.indexOf(group)]!)!.digit,
      );
      if (unread.length > 0) ms = performance.now() - start;
      return {
        digits,
        text: digits.map(({ digit }) => digit).join(''),
        ms,
        backend: model.status.backend,
      };
    },
    destroy: model.destroy,
  };
}

interface Judged {
  readonly digit: Digit;
  readonly cost: number;
}

/** Temperature scaling as in Guo et al., "On Calibration of Modern Neural Networks", 2017. */
function softmax(logits: Float32Array, temperature: number): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** ln(1 + eˣ) */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
