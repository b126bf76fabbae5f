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
    const digits = reading?.digits ?? [];
    const isSure = digits.every(({ sure }) => sure);
    const confidence = digits.reduce((p, digit) => p * Math.max(...digit.probabilities), 1);
    // A digit in doubt is not named: a scribble would look like a mistake of the reader's.
    const text = digits.map(({ digit, sure }) => (sure ? digit : '?')).join('');
    output.textContent = text;
    output.style.setProperty('--digits', String(digits.length));
    Object.assign(output.dataset, {
      digits: reading?.text ?? '',
      sure: reading ? isSure : '',
      confidence: digits.length > 0 ? confidence.toFixed(4) : '',
      backend: reading?.backend ?? '',
      ms: reading?.ms.toFixed(3) ?? '',
      sequence: reading ? ++sequence : sequence,
    });
    const [first, rival] = rank(digits.length === 1 ? digits[0]!.probabilities : []);
    let words = say('Nothing to read');
    let more = '';
    if (!isSure) {
      words = say('Not sure');
      more = digits.length > 1 ? say('Perhaps {}', reading!.text) : say('Perhaps no digit');
    } else if (digits.length > 0) {
      words = say('{} sure', chance(confidence));
      if (first && rival!.p >= RIVAL) more = say('or {}, {}', rival!.digit, chance(rival!.p));
    }
    find('#confidence').textContent = words;
    find('#rival').textContent = more;
    find('#ms').textContent = reading ? milliseconds(reading.ms) : '–';
    find('#backend').textContent = reading ? BACKENDS[reading.backend] : '–';
    if (final) find('#announcement').textContent = isSure && text ? `${text}, ${words}` : words;
  };
}

/** The digits, the most likely first. */
const rank = (probabilities: readonly number[]) =>
  probabilities.map((p, digit) => ({ digit: String(digit), p })).sort((a, b) => b.p - a.p);
