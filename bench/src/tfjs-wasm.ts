import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env } from '@tensorflow/tfjs-core';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import { offer } from './page';
import { make } from './tfjs';

// Its threads are started from the text of a function, which a bundler's names break (tfjs 4.22.0).
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
setWasmPaths({
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm.wasm': simd, // asked for, and never fetched where there is SIMD
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
});
offer(make('wasm'));
