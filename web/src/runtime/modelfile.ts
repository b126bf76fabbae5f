/** @file A model file: a .safetensors whose metadata holds the model's card and its programs. */
import { Json } from './json';
import { parsePrograms, type Program } from './program';
import { parseSafetensors, type Tensor } from './safetensors';

export interface ModelFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Name, accuracy and whatever else the exporter says of the model. */
  readonly card: Readonly<Record<string, unknown>>;
  readonly programs: ReadonlyMap<string, Program>;
}

/**
 * Reads and checks a whole model file; its tensors are views of `file`, not copies.
 * @throws ModelFileError, and nothing else, whatever the bytes
 */
export function parseModelFile(file: ArrayBuffer): ModelFile {
  const { tensors, metadata } = parseSafetensors(file);
  metadata.get('format').oneOf('inkgrad/1');
  const field = (name: string) => Json.parse(metadata.get(name).text(), name);
  const programs = parsePrograms(field('programs'), tensors);
  return { tensors, card: field('card').record(), programs };
}
