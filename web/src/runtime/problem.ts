/** @file What went wrong, for people: a sentence that a page can say in its own language. */

/**
 * An error whose message is `phrase`, in English, each {} in it filled with the next of `values`: a
 * text, or another error's message. i18n.ts has every phrase in French, and a test that it does.
 */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly phrase: string,
    readonly values: readonly (string | Error)[] = [],
    options?: ErrorOptions,
  ) {
    super(fill(phrase, values.map(textOf)), options);
  }
}

/** The phrase, each {} in it filled with the next value. */
export function fill(phrase: string, values: readonly string[]): string {
  let next = 0;
  return phrase.replaceAll('{}', () => values[next++] ?? '');
}

/** The first line: Dawn's messages go on for lines about where it was. */
export const textOf = (value: string | Error): string =>
  (value instanceof Error ? value.message : value).split('\n', 1)[0]!;
