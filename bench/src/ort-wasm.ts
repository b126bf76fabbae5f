import * as ort from 'onnxruntime-web/wasm';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { make } from './ort';
import { offer, query } from './page';

// A worker loads the file that the loader stands in: not one with this page in it.
if (query('backend') === 'threads') ort.env.wasm.wasmPaths = { mjs, wasm };
offer(make(ort, 'wasm'));
