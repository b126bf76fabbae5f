/** @file Does a backend compute what the exporter computed? */
import type { Backend } from './backend';
import type { ModelFile } from './modelfile';
import { Problem } from './problem';
import { widen } from './safetensors';

/** |Δ| allowed, relative to max(1, |expected|): the bound that the exported model itself is held to. */
const TOLERANCE = 1e-3;

/**
 * Runs every program for which the file holds examples: the tensors "selftest.PROGRAM.NAME", one for
 * each of the program's inputs and outputs. Passes if every value is close and each output's largest
 * value is in the same place.
 * @throws Error that names the output that differs; or if the file holds no example
 */
export async function selfTest(file: ModelFile, backend: Backend): Promise<void> {
  let tested = false;
  for (const [name, { inputs, outputs }] of file.programs) {
    const example = (key: string) => file.tensors.get(`selftest.${name}.${key}`);
    if (![...inputs.keys(), ...outputs.keys()].every(example)) continue;
    const values = (keys: Iterable<string>) =>
      Object.fromEntries([...keys].map((key) => [key, widen(example(key)!)]));

    const actual = await backend.run(name, values(inputs.keys()));
    for (const [key, expected] of Object.entries(values(outputs.keys()))) {
      if (agree(actual[key]!, expected)) continue;
      const values = [key, name];
      throw new Problem('the self-test failed: "{}" of program "{}" is not as expected', values);
    }
    tested = true;
  }
  if (!tested) throw new Error('the model file holds no self-test');
}

function agree(actual: Float32Array, expected: Float32Array): boolean {
  return (
    actual.length === expected.length &&
    // Written so that a NaN fails.
    expected.every((e, i) => Math.abs(actual[i]! - e) <= TOLERANCE * Math.max(1, Math.abs(e))) &&
    argmax(actual) === argmax(expected)
  );
}

const argmax = (values: Float32Array): number =>
  values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
