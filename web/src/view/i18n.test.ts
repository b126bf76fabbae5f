import { expect, test, vi } from 'vitest';
import html from '../../index.html?raw';
import { Problem } from '../runtime/problem';
import { chooseLanguage, createLocale, type Phrase } from './i18n';

test('the address comes first, then the languages of the user, then English', () => {
  expect(chooseLanguage('fr', ['en-GB'])).toBe('fr');
  expect(chooseLanguage('de', ['fr-CA', 'en'])).toBe('fr');
  expect(chooseLanguage(null, ['ja', 'EN-us', 'fr'])).toBe('en');
  expect(chooseLanguage(null, [])).toBe('en');
});

test('every marked text of the page has its French', () => {
  const french = createLocale('fr');
  const labels = [...html.matchAll(/aria-label="([^"]+)"\s+data-i18n/g)];
  const texts = [...html.matchAll(/data-i18n>\s*([^<\s][^<]*)</g)];
  expect(labels.length + texts.length).toBe(html.match(/data-i18n/g)!.length);
  for (const [, text] of [...labels, ...texts]) {
    const phrase = text!.replace(/\s+/g, ' ').trim() as Phrase;
    expect(() => french.say(phrase), phrase).not.toThrow();
  }
});

test('a text of the page that is not marked is a name, a key or a figure', () => {
  const texts = [
    ...html.split('<body')[1]!.matchAll(/<([a-z]\w*)([^>]*)>([^<]*[\p{L}\d][^<]*)</gu),
  ];
  const unmarked = texts.filter(([, , attributes]) => !attributes!.includes('data-i18n'));
  const words = new Set(unmarked.map(([, , , text]) => text!.trim()));
  const keys = ['P', 'E', 'C', 'Z', 'Ctrl', '1', '2', '3', '4'];
  expect(words).toEqual(new Set(['inkgrad', 'mlp', 'cnn', 'cnn-small', 'cnn-tiny', ...keys]));
});

test('every problem that the code can have has its French', () => {
  const files = import.meta.glob<string>(['../**/*.ts', '!../**/*.test.ts'], {
    query: '?raw',
    import: 'default',
    eager: true,
  });
  const code = Object.values(files).join('');
  const phrases = [...code.matchAll(/new Problem\(\s*'([^']+)'/g)].map(([, phrase]) => phrase!);
  expect(phrases.length).toBe(code.match(/new Problem\(/g)!.length);
  for (const phrase of phrases) {
    expect(createLocale('fr').explain(new Problem(phrase)), phrase).not.toBe(phrase);
  }
});

test('a problem is told in the language as far as it is known, and in English to engineers', () => {
  const dawn = new Error('the driver restarted\n - while encoding');
  const problem = new Problem('{}; {}', [
    new Problem('WebAssembly cannot be used: {}', [dawn]),
    new Problem('WebGPU cannot be used: {}', [new Problem('WebGPU finds no graphics adapter')]),
  ]);
  const english =
    'WebAssembly cannot be used: the driver restarted; WebGPU cannot be used: WebGPU finds no graphics adapter';
  expect([problem.message, createLocale('en').explain(problem)]).toEqual([english, english]);
  expect(createLocale('fr').explain(problem)).toBe(
    'WebAssembly est inutilisable : the driver restarted ; WebGPU est inutilisable : aucune carte graphique trouvée',
  );
  expect(createLocale('fr').explain('{}')).toBe('{}');
});

test('a language goes on where another left off', () => {
  const locale = createLocale('en');
  locale.use('fr');
  expect([locale.language, locale.say('Pen')]).toEqual(['fr', 'Stylo']);
  expect(locale.chance(0.984)).toMatch(/^98,4\s%$/);
});

test('a format is made when it is first used, and once', () => {
  let made = 0;
  class NumberFormat extends Intl.NumberFormat {
    constructor(...given: ConstructorParameters<typeof Intl.NumberFormat>) {
      super(...given);
      made++;
    }
  }
  vi.stubGlobal('Intl', { NumberFormat });
  const locale = createLocale('fr');
  expect(made).toBe(0);
  locale.chance(0.5);
  locale.chance(0.6);
  expect(made).toBe(1);
  vi.unstubAllGlobals();
});

test('values fill the gaps of a phrase in order', () => {
  expect(createLocale('en').say('or {}, {}', '4', '12%')).toBe('or 4, 12%');
  expect(createLocale('fr').say('or {}, {}', '4', '12 %')).toBe('ou 4, 12 %');
});

test('numbers are written as the language has it', () => {
  const [english, french] = [createLocale('en'), createLocale('fr')];
  expect(english.chance(0.984)).toBe('98.4%');
  expect(french.chance(0.984)).toMatch(/^98,4\s%$/);
  expect(english.chance(1)).toBe('99.9%');
  expect(english.percent(0.9965)).toBe('99.65%');
  expect(english.milliseconds(0.4123)).toBe('0.41 ms');
  expect(english.bytes(184_321)).toBe('180 kB');
  expect(french.bytes(1_340_000)).toMatch(/^1,3\sMo$/);
});
