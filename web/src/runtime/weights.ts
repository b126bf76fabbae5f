/**
 * @file Weights as a file stores them, float32, float16 or int8, and as they are computed with: float32, or
 * int8 too, by programs that also read the factors.
 */
import { check } from './json';
import { type Tensor, widen } from './safetensors';

type Tensors = ReadonlyMap<string, Tensor>;

/**
 * The shape of the weight `name`, once the file is found to hold all of it.
 * @param path of what asks for it, for the message
 * @throws ModelFileError
 */
export function weightShape(tensors: Tensors, name: string, path: string): readonly number[] {
  const weight = tensors.get(name);
  check(weight !== undefined, `${path}: the file holds no such tensor`);
  const { dtype, shape } = weight;
  check(dtype !== 'U8', `${path}: the tensor must be F32, F16 or I8, but is U8`);
  if (dtype === 'I8') {
    const scale = tensors.get(scaleOf(name));
    const shapes = [[shape[0]], [...shape.slice(1).fill(1), shape.at(-1)]].map((one) => `[${one}]`);
    const fits = scale?.dtype === 'F32' && shapes.includes(`[${scale.shape}]`);
    check(
      fits,
      `${path}: an I8 tensor needs "${scaleOf(name)}", F32, of shape ${shapes.join(' or ')}`,
    );
  }
  return shape;
}

/**
 * The weight `name`, which {@link weightShape} has checked. An int8 is multiplied by its row's or column's factor:
 * the product is exact in double precision and rounded once, to what Python's runtime computes.
 */
export function readWeight(tensors: Tensors, name: string): Float32Array<ArrayBuffer> {
  const weight = tensors.get(name)!;
  if (weight.dtype !== 'I8') return widen(weight);
  const { buffer, byteOffset, length } = weight.bytes;
  const integers = new Int8Array(buffer, byteOffset, length);
  const scale = widen(tensors.get(scaleOf(name))!);
  const last = tensors.get(scaleOf(name))!.shape.length > 1;
  const row = length / scale.length;
  const floats = new Float32Array(length);
  scale.forEach((factor, r) => {
    const [first, end, step] = last ? [r, length, scale.length] : [r * row, (r + 1) * row, 1];
    for (let i = first; i < end; i += step) floats[i] = integers[i]! * factor;
  });
  return floats;
}

/** Whether a program of these `weights` computes with `name` as it is stored, int8. */
export const isRaw = (
  tensors: Tensors,
  weights: ReadonlyMap<string, unknown>,
  name: string,
): boolean => tensors.get(name)!.dtype === 'I8' && weights.has(scaleOf(name));

const scaleOf = (name: string): string => `${name}.scale`;
