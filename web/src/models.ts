/**
 * @file Where the released models lie. The build puts a hash of its content into each address, and
 * these addresses into the script, so that a script never meets the model of another version.
 */
import cnnSmall from '../../models/cnn-small.safetensors?url';
import cnnTiny from '../../models/cnn-tiny.safetensors?url';
import cnn from '../../models/cnn.safetensors?url';
import mlp from '../../models/mlp.safetensors?url';
import type { LoadOptions } from './recognizer';

export const MODELS: Readonly<Record<string, string>> = {
  mlp,
  cnn,
  'cnn-small': cnnSmall,
  'cnn-tiny': cnnTiny,
};

/** The backend that an attribute or an address asks for; 'auto' where it asks for none that there is. */
export const backendOf = (asked: string | null): LoadOptions['backend'] =>
  asked === 'webgpu' || asked === 'wasm' ? asked : 'auto';

/** The model that index.html has come while the script does. */
export const USUAL = 'cnn';

/** Where another is asked for: the usual one need not come any more. */
export function stopUsual(): void {
  const stopping = new AbortController();
  fetch(MODELS[USUAL]!, stopping).catch(() => {}); // takes over what is coming,
  setTimeout(() => stopping.abort()); // once it has begun
}
