/** @file What every page under test offers to its driver, inkgrad/bench/browser.py. */

/** Pictures [n, 784], 0 … 255, to logits [n, 10]. */
export type Classify = (images: Float32Array<ArrayBuffer>) => Promise<Float32Array>;

/** Made by the page from what stands behind the `?` of its address. */
export type Make = (net: string, backend: string) => Promise<Classify>;

declare global {
  interface Window {
    /** Milliseconds from navigation to the first logits. */
    first: Promise<number>;
    classify: Classify;
    /** The test pictures `from` … `to`. */
    pictures(from: number, to: number): Promise<Float32Array<ArrayBuffer>>;
    /** Milliseconds of each of `calls` calls, of one picture each. */
    latency(calls: number): Promise<number[]>;
    /** Milliseconds of one call after the other until `images` pictures are read, `batch` at a time. */
    throughput(images: number, batch: number): Promise<number>;
  }
}

export const query = (name: string): string => new URLSearchParams(location.search).get(name) ?? '';

let pixels: Promise<Uint8Array> | undefined;

window.pictures = async (from, to) => {
  pixels ??= fetch('pictures.bin').then(async (file) => new Uint8Array(await file.arrayBuffer()));
  return Float32Array.from((await pixels).subarray(784 * from, 784 * to));
};

window.latency = async (calls) => {
  const pictures = await window.pictures(0, 100);
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const start = 784 * (call % 100);
    const picture = pictures.slice(start, start + 784);
    const before = performance.now();
    await window.classify(picture);
    times.push(performance.now() - before);
  }
  return times;
};

window.throughput = async (images, batch) => {
  const pictures = await window.pictures(0, batch);
  const before = performance.now();
  for (let done = 0; done < images; done += batch) {
    await window.classify(pictures.slice(0, 784 * Math.min(batch, images - done)));
  }
  return performance.now() - before;
};

export function offer(make: Make): void {
  window.first = (async () => {
    window.classify = await make(query('net'), query('backend'));
    await window.classify(new Float32Array(784).fill(255, 392, 420));
    return performance.now(); // its zero is the navigation's start
  })();
}

/** Of a net as `inkgrad/bench/peers.py` writes it, for peers that are given a network layer by layer. */
export interface Layer {
  readonly op: 'linear' | 'conv' | 'silu' | 'relu' | 'pool' | 'flatten';
  /** Of the weight, out first; of what is flattened, channels first. */
  readonly shape: readonly number[];
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

export async function fetchLayers(net: string): Promise<Layer[]> {
  const [layers, values] = await Promise.all([
    fetch(`${net}.json`).then((file) => file.json() as Promise<Omit<Layer, 'weight' | 'bias'>[]>),
    fetch(`${net}.bin`).then(async (file) => new Float32Array(await file.arrayBuffer())),
  ]);
  let at = 0;
  const take = (count: number) => values.subarray(at, (at += count));
  return layers.map((layer) => {
    const weighs = layer.op === 'linear' || layer.op === 'conv';
    const weight = take(weighs ? layer.shape.reduce((a, b) => a * b, 1) : 0);
    return { ...layer, weight, bias: take(weighs ? layer.shape[0]! : 0) };
  });
}
