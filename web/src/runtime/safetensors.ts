/** @file The container of a model: .safetensors (https://github.com/huggingface/safetensors#format). */
import { check, Json } from './json';

/** Bytes per element of the dtypes that model files use. */
const BYTES = { F32: 4, F16: 2, I8: 1, U8: 1 };

/** Values row-major and little-endian, as they lie in the file and in every browser's memory. */
export interface Tensor {
  readonly dtype: keyof typeof BYTES;
  readonly shape: readonly number[];
  /** A view of the file, aligned to nothing. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const elements = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/**
 * The tensors, as views of `file`, and its `__metadata__`.
 * @throws ModelFileError, and nothing else, whatever the bytes
 */
export function parseSafetensors(file: ArrayBuffer) {
  const room = file.byteLength - 8;
  check(room >= 0, `it is cut short: it has only ${file.byteLength} bytes`);
  const size = Number(new DataView(file).getBigUint64(0, true));
  check(size <= room, `it is cut short or no .safetensors: a header of ${size} bytes in ${room}`);
  const header = Json.parse(new TextDecoder().decode(new Uint8Array(file, 8, size)), 'header');
  const data = new Uint8Array(file, 8 + size);
  return { tensors: parseTensors(header, data), metadata: header.get('__metadata__') };
}

/** As the format demands, the tensors tile `data`: no gap, no overlap, nothing left over. */
function parseTensors(header: Json, data: Uint8Array<ArrayBuffer>): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const ranges: [begin: number, end: number, name: string][] = [];
  for (const [name, field] of header.fields()) {
    if (name === '__metadata__') continue;
    const dtype = field.get('dtype').oneOf('F32', 'F16', 'I8', 'U8');
    const shape = field.get('shape').shape();
    const [begin, end] = field
      .get('data_offsets')
      .items(2)
      .map((offset) => offset.whole());
    const bytes = BYTES[dtype] * elements(shape);
    check(end! <= data.length, `it is cut short: "${name}" ends at ${end} of ${data.length} bytes`);
    check(end! - begin! === bytes, `"${name}" needs ${bytes} bytes, but has ${end! - begin!}`);
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
    ranges.push([begin!, end!, name]);
  }
  let at = 0;
  for (const [begin, end, name] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    check(begin >= at, `tensor "${name}" overlaps the tensor before it`);
    check(begin === at, `${begin - at} bytes before tensor "${name}" belong to no tensor`);
    at = end;
  }
  check(at === data.length, `${data.length - at} bytes at the end belong to no tensor`);
  return tensors;
}

/**
 * The values of an F32 or F16 tensor as float32, in memory of their own. Every float16 has its exact
 * float32; a NaN keeps its sign and payload.
 * @throws ModelFileError for a tensor that holds no floats
 */
export function widen({ dtype, bytes }: Tensor): Float32Array<ArrayBuffer> {
  check(
    dtype === 'F32' || dtype === 'F16',
    `a tensor of floats must be F32 or F16, but is ${dtype}`,
  );
  const { buffer } = bytes.slice(); // a copy, and so aligned
  if (dtype === 'F32') return new Float32Array(buffer);

  const halves = new Uint16Array(buffer);
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    // Sign, exponent and fraction move to their places in a float32. Its exponent's bias is 127, not
    // 15, so the value is now 2^112 times too small; multiplying is exact, for subnormals too.
    bits[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
    const infinityOrNaN = (half & 0x7c00) === 0x7c00;
    if (infinityOrNaN) bits[i]! |= 0x7f800000;
    else floats[i]! *= 2 ** 112;
  }
  return floats;
}
