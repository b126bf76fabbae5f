/** @file The answer in words and numbers: the digit, how sure, how fast, and computed by what. */
import type { Digit, Reading } from '../recognizer';
import { find } from './find';
import type { Locale } from './i18n';
import { write } from './write';

/** A second digit less likely than this is not worth a word. */
const RIVAL = 0.05;

export const BACKENDS = { webgpu: 'WebGPU', wasm: 'WebAssembly' };

/** A digit in doubt is not named: a scribble would look like a mistake of the reader's. */
export const textOf = (digits: readonly Digit[]): string =>
  digits.map(({ digit, sure }) => (sure ? digit : '?')).join('');

/** The probability that all of the digits are right. */
export const confidenceOf = (digits: readonly Digit[]): number =>
  digits.reduce((p, { probabilities }) => p * Math.max(...probabilities), 1);

export const mostDoubtful = (digits: readonly Digit[]): Digit | undefined =>
  [...digits].sort((a, b) => confidenceOf([a]) - confidenceOf([b]))[0];

/** The digits, the most likely first. */
export const rank = (probabilities: readonly number[]) =>
  probabilities.map((p, digit) => ({ digit, p })).sort((a, b) => b.p - a.p);

/**
 * Returns a function that shows a reading, or that there is none, and says it aloud if `aloud`; `sequence`
 * is how many there have been.
 */
export function createAnswer({ say, chance, milliseconds }: Locale) {
  const output = find<HTMLOutputElement>('#prediction');

  return (reading: Reading | undefined, aloud: boolean, sequence: number): void => {
    const digits = reading?.digits ?? [];
    const isSure = digits.every(({ sure }) => sure);
    const confidence = confidenceOf(digits);
    const text = textOf(digits);
    write(output, text);
    output.style.setProperty('--digits', String(digits.length));
    Object.assign(output.dataset, {
      digits: reading?.text ?? '',
      sure: reading ? isSure : '',
      confidence: digits.length > 0 ? confidence.toFixed(4) : '',
      backend: reading?.backend ?? '',
      ms: reading?.ms.toFixed(3) ?? '',
      sequence,
    });
    const rival = digits.length === 1 ? rank(digits[0]!.probabilities)[1]! : { digit: 0, p: 0 };
    let words = reading ? say('Nothing to read') : ''; // without a model, who knows?
    let more = '';
    if (!isSure) {
      words = say('Not sure');
      more = digits.length > 1 ? say('Perhaps {}', reading!.text) : say('Perhaps no digit');
    } else if (digits.length > 0) {
      words = say('{} sure', chance(confidence));
      if (rival.p >= RIVAL) more = say('or {}, {}', String(rival.digit), chance(rival.p));
    }
    write(find('#confidence'), words);
    write(find('#rival'), more);
    write(find('#ms'), digits.length > 0 ? milliseconds(reading!.ms) : '–');
    write(find('#backend'), reading ? BACKENDS[reading.backend] : '–');
    if (aloud)
      speak(isSure && text ? `${text}, ${words}` : [words, more].filter(Boolean).join(', '));
  };
}

/** Says `words` to those who have the page read to them. */
export function speak(words: string): void {
  find('#announcement').textContent = words;
}
