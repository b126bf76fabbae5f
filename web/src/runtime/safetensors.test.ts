import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSafetensors, widen } from './safetensors';

test('reads what the reference implementation wrote', () => {
  // safetensors 0.8.0 (Python): save({"b": [[1.5, -2]] f16, "a": [1, 2, 3] u8, "c": 0.25 f32}, {"k": "v"})
  const header =
    '{"__metadata__":{"k":"v"},"c":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F16",' +
    '"shape":[1,2],"data_offsets":[4,8]},"a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}      ';
  const data = [0x00, 0x00, 0x80, 0x3e, 0x00, 0x3e, 0x00, 0xc0, 0x01, 0x02, 0x03];
  const bytes = [0xc0, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(header), ...data];
  const { tensors, metadata } = parseSafetensors(new Uint8Array(bytes).buffer);
  expect(metadata.record()).toEqual({ k: 'v' });
  expect([...tensors.keys()]).toEqual(['c', 'b', 'a']);
  expect(tensors.get('b')!.shape).toEqual([1, 2]);
  expect(widen(tensors.get('b')!)).toEqual(Float32Array.of(1.5, -2));
  expect(widen(tensors.get('c')!)).toEqual(Float32Array.of(0.25));
  expect([...tensors.get('a')!.bytes]).toEqual([1, 2, 3]);
});

test('every float16 becomes the float32 of the same value', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const floats = widen({ dtype: 'F16', shape: [65536], bytes: new Uint8Array(halves.buffer) });
  const bits = new Uint32Array(floats.buffer);
  const wrong = [...halves].filter((half) => {
    // IEEE 754-2019, 3.4: (−1)^s · 2^(e − bias) · (1 + f), and without the 1 where e is 0.
    const [s, e, f] = [half >> 15, (half >> 10) & 31, half & 1023];
    const magnitude = e === 0 ? 2 ** -14 * (f / 1024) : 2 ** (e - 15) * (1 + f / 1024);
    if (e === 31) return bits[half] !== s * 2 ** 31 + 255 * 2 ** 23 + f * 2 ** 13;
    return !Object.is(floats[half], s ? -magnitude : magnitude);
  });
  expect(wrong).toEqual([]);
});

test('float32 passes through to the bit, wherever it lies', () => {
  fc.assert(
    fc.property(fc.float32Array(), fc.nat(3), (values, misalignment) => {
      const moved = new Uint8Array(misalignment + values.byteLength);
      moved.set(new Uint8Array(values.buffer), misalignment);
      const bytes = moved.subarray(misalignment);
      const tensor = { dtype: 'F32', shape: [values.length], bytes } as const;
      expect(new Uint8Array(widen(tensor).buffer)).toEqual(new Uint8Array(values.buffer));
    }),
  );
});
