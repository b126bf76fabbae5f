/** @file The page in English and French. The English text is the key: index.html and the code say it. */

const french = {
  'Draw a digit or a number: it is read here, on your own device.':
    'Dessinez un chiffre ou un nombre : il est lu ici, sur votre appareil.',
  'Draw a digit': 'Dessinez un chiffre',
  'Drawing surface': 'Surface de dessin',
  Tools: 'Outils',
  Pen: 'Stylo',
  Eraser: 'Gomme',
  Undo: 'Annuler',
  Redo: 'Rétablir',
  Clear: 'Effacer',
  Picture: 'Image',
  'This is no picture that can be read: choose a PNG or a JPEG.':
    'Ce n’est pas une image lisible : choisissez un PNG ou un JPEG.',
  'This picture is too large: at most 50 MB and 50 million pixels.':
    'Cette image est trop grande : au plus 50 Mo et 50 millions de pixels.',
  'No ink stands out in this picture.': 'Aucune encre ne ressort de cette image.',
  Reading: 'Lecture',
  'Nothing to read': 'Rien à lire',
  '{} sure': 'sûr à {}',
  'or {}, {}': 'ou {}, {}',
  'Not sure': 'Pas sûr',
  'Perhaps {}': 'Peut-être {}',
  'Perhaps no digit': 'Peut-être pas un chiffre',
  'What the network sees': 'Ce que voit le réseau',
  'How likely each digit is': 'Probabilité de chaque chiffre',
  Model: 'Modèle',
  Time: 'Durée',
  'Runs on': 'Calculé par',
  'MNIST test': 'Test MNIST',
  Download: 'Fichier',
  'Loading the model {} …': 'Chargement du modèle {} …',
  'The model {} cannot be used: choose another. ({})':
    'Le modèle {} est inutilisable : choisissez-en un autre. ({})',
  '{} reads instead ({}).': '{} lit à la place ({}).',
  'This drawing cannot be read. ({})': 'Ce dessin ne peut pas être lu. ({})',
  Share: 'Partager',
  'Copy a link to this drawing': 'Copier un lien vers ce dessin',
  'Save as PNG': 'Enregistrer en PNG',
  'Save as SVG': 'Enregistrer en SVG',
  'Link copied': 'Lien copié',
  'The link is in the address bar: copy it there.':
    'Le lien est dans la barre d’adresse : copiez-le là.',
  'The link holds no drawing: it may be cut off.':
    'Ce lien ne contient aucun dessin : il est peut-être incomplet.',
  'A picture does not fit into a link: save it instead.':
    'Une image ne tient pas dans un lien : enregistrez-la plutôt.',
  'A new version is ready.': 'Une nouvelle version est prête.',
  'Use it': 'L’utiliser',
} as const;

export type Phrase = keyof typeof french;
export type Language = 'en' | 'fr';

/** How a language says things. */
export interface Locale {
  readonly language: Language;
  /** The phrase, each {} in it filled with the next value. */
  say(phrase: Phrase, ...values: string[]): string;
  /** To two decimals, for a share that was counted. */
  percent(share: number): string;
  /** To one decimal, for a probability; never 100 %, since no network is that sure. */
  chance(probability: number): string;
  milliseconds(ms: number): string;
  bytes(bytes: number): string;
}

/** The language that `?lang=` asks for, else the first of the user's that the page has, else English. */
export function chooseLanguage(asked: string | null, preferred: readonly string[]): Language {
  const tags = [asked ?? '', ...preferred].map((tag) => tag.slice(0, 2).toLowerCase());
  return tags.find((tag) => tag === 'en' || tag === 'fr') ?? 'en';
}

export function createLocale(language: Language): Locale {
  const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options);
  const [chance, percent] = [1, 2].map((digits) =>
    number({ style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  const [milliseconds, kilobytes, megabytes] = ['millisecond', 'kilobyte', 'megabyte'].map((unit) =>
    number({ style: 'unit', unit, maximumSignificantDigits: 2 }),
  );
  return {
    language,
    say(phrase, ...values) {
      const text = language === 'fr' ? french[phrase] : phrase;
      return text.replaceAll('{}', () => values.shift() ?? '');
    },
    percent: (share) => percent!.format(share),
    chance: (p) => chance!.format(Math.min(p, 0.999)),
    milliseconds: (ms) => milliseconds!.format(ms),
    bytes: (n) => (n < 1e6 ? kilobytes!.format(n / 1e3) : megabytes!.format(n / 1e6)),
  };
}

/** Translates the elements marked `data-i18n`: the label of those that have one, the text of others. */
export function translatePage(page: Document, { language, say }: Locale): void {
  page.documentElement.lang = language;
  for (const element of page.querySelectorAll('[data-i18n]')) {
    if (element.ariaLabel) element.ariaLabel = say(element.ariaLabel as Phrase);
    else element.textContent = say(element.textContent as Phrase);
  }
}
