/** @file The answer in words and numbers: the digit, how sure, how fast, and computed by what. */
import type { Reading } from '../recognizer';
import { find } from './find';
import type { Locale } from './i18n';

/** A second digit less likely than this is not worth a word. */
const RIVAL = 0.05;

export const BACKENDS = { webgpu: 'WebGPU', wasm: 'WebAssembly' };

/**
 * Returns a function that shows a reading, or that there is none. Only a `final` one is spoken: while
 * the pen is down the answer changes too often for that.
 */
export function createAnswer({ say, chance, milliseconds }: Locale) {
  const output = find<HTMLOutputElement>('#prediction');
  let sequence = 0;

  return (reading: Reading | undefined, final: boolean): void => {
    const text = reading?.text ?? '';
    const [digit, rival] = rank(reading?.digits[0]?.probabilities ?? []);
    output.textContent = text;
    Object.assign(output.dataset, {
      digits: text,
      confidence: digit?.p.toFixed(4) ?? '',
      backend: reading?.backend ?? '',
      ms: reading?.ms.toFixed(3) ?? '',
      sequence: reading ? ++sequence : sequence,
    });
    const sure = digit ? say('{} sure', chance(digit.p)) : say('Nothing to read');
    const doubt = rival && rival.p >= RIVAL;
    find('#confidence').textContent = sure;
    find('#rival').textContent = doubt ? say('or {}, {}', rival.digit, chance(rival.p)) : '';
    find('#ms').textContent = reading ? milliseconds(reading.ms) : '–';
    find('#backend').textContent = reading ? BACKENDS[reading.backend] : '–';
    if (final) find('#announcement').textContent = digit ? `${text}, ${sure}` : sure;
  };
}

/** The digits, the most likely first. */
const rank = (probabilities: readonly number[]) =>
  probabilities.map((p, digit) => ({ digit: String(digit), p })).sort((a, b) => b.p - a.p);
