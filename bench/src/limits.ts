/** @file What no system can be faster than: a GPU's round trip with nothing to do, and WebAssembly's best product. */
import { offer, query } from './page';
import { roundTrip } from './roundtrip';

/** The products of matmul.c. */
async function product() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('matmul.wasm'));
  const matmul = instance.exports['matmul'] as () => void;
  return async () => {
    matmul();
    return new Float32Array(10);
  };
}

offer(() => (query('backend') === 'webgpu' ? roundTrip() : product()));
