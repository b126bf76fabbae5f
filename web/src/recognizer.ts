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
import { type Box, inkBox, fit, visible } from './ink/fit';
import { flatten } from './ink/picture';
import { maskOf, pieces } from './ink/pieces';
import { MASK, rasterize } from './ink/raster';
import { type LoadOptions, loadModel, type Status } from './runtime/model';

export type { Drawing, Point, Stroke } from './ink/drawing';
export { inkOf, type Picture } from './ink/picture';
export type { Box, LoadOptions, Status };
/** For model files of anything but digits: any program of fixed shapes that `inkgrad.export` wrote. */
export { loadModel, type Model } from './runtime/model';

/** One digit that was read. */
export interface Digit {
  readonly digit: number;
  /** Of the digits 0 … 9, calibrated by the model's temperature; their sum is 1. */
  readonly probabilities: readonly number[];
  /** Around its ink, in the drawing's units. */
  readonly box: Box;
  /** What the network saw: 28×28, row by row, 0 (paper) … 255 (ink). */
  readonly image: Float32Array;
}

export interface Reading {
  /** None if there is no ink. So far strokes are read as a single digit, a picture piece by piece. */
  readonly digits: readonly Digit[];
  /** The digits as text; '' if there is no ink. */
  readonly text: string;
  /** From ink to probabilities, milliseconds. */
  readonly ms: number;
  /** Which backend classified. */
  readonly backend: Status['backend'];
}

export interface Recognizer {
  /** What the model's file says of it: name, net, accuracy and more. */
  readonly card: Readonly<Record<string, unknown>>;
  /** The size of the model's file. */
  readonly bytes: number;
  readonly status: Status;
  read(drawing: Drawing): Promise<Reading>;
  /**
   * @param image 28×28, row by row, 0 (paper) … 255 (ink), as the bytes of MNIST
   * @returns ten logits
   */
  classify(image: Float32Array): Promise<Float32Array>;
  /** Frees the GPU; what is being read rejects. */
  destroy(): void;
}

/**
 * Loads a model file.
 * @throws Error with a sentence for people: the file cannot be had or used, or no backend starts
 */
export async function loadRecognizer(
  url: string | URL | ArrayBuffer,
  options: LoadOptions = { backend: 'auto' },
): Promise<Recognizer> {
  const model = await loadModel(url, options);
  const { card, programs, tensors } = model.file;
  const [side] = programs.get('normalize')?.inputs.get('mask')?.shape ?? [];
  if (side !== MASK || !programs.get('classify')?.outputs.has('logits')) {
    model.destroy();
    throw new Error('The model file reads no digits: it lacks the programs normalize and classify');
  }
  const temperature = typeof card.temperature === 'number' ? card.temperature : 1;

  async function classify(image: Float32Array): Promise<Float32Array> {
    const { logits } = await model.run('classify', { image });
    return logits!;
  }

  return {
    card,
    // Every tensor is a view of the whole file.
    bytes: tensors.values().next().value!.bytes.buffer.byteLength,
    get status() {
      return model.status;
    },
    classify,
    async read(drawing) {
      const start = performance.now();
      const digits: Digit[] = [];
      for (const { box, mask } of masks(drawing)) {
        // Microseconds on WebAssembly, less than any GPU takes to answer.
        const { image } = await model.wasm.run('normalize', { mask: Float32Array.from(mask) });
        const probabilities = softmax(await classify(image!), temperature);
        const digit = probabilities.indexOf(Math.max(...probabilities));
        digits.push({ digit, probabilities, box, image: image! });
      }
      return {
        digits,
        text: digits.map(({ digit }) => digit).join(''),
        ms: performance.now() - start,
        backend: model.status.backend,
      };
    },
    destroy: model.destroy,
  };
}

/** What is read as a digit each, from left to right: its box in the drawing's units, and its mask. */
function masks(drawing: Drawing): { box: Box; mask: Uint8Array }[] {
  const { picture, size } = drawing;
  if (picture) {
    const sheet = flatten({ ...drawing, picture });
    const scale = size / sheet.width;
    return pieces(sheet).map((piece) => {
      const { x0, y0, x1, y1 } = piece.box;
      const box = { x0: x0 * scale, y0: y0 * scale, x1: x1 * scale, y1: y1 * scale };
      return { box, mask: maskOf(sheet, [piece]) };
    });
  }
  const ink = visible(drawing);
  const box = inkBox(ink.strokes);
  return box ? [{ box, mask: rasterize(fit(ink)) }] : [];
}

/** Temperature scaling as in Guo et al., "On Calibration of Modern Neural Networks", 2017. */
function softmax(logits: Float32Array, temperature: number): number[] {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
