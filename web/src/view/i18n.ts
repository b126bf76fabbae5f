/** @file The page in English and French. The English text is the key: index.html and the code say it. */
import { fill, Problem, textOf } from '../runtime/problem';

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
  'This browser hides pixels: allow this page to read them.':
    'Ce navigateur cache les pixels : permettez à cette page de les lire.',
  'This picture moves: choose another.': 'Cette image bouge : choisissez-en une autre.',
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
  Thickness: 'Épaisseur',
  Examples: 'Exemples',
  'Down at {}% across, {}% from the top.': 'Posé à {} % de large, {} % du haut.',
  'Why this answer?': 'Pourquoi cette réponse ?',
  'Draw a digit first.': 'Dessinez d’abord un chiffre.',
  'Why {}?': 'Pourquoi {} ?',
  'Why {}, the least sure?': 'Pourquoi {}, le moins sûr ?',
  'Above all its ink {}.': 'Surtout son encre {}.',
  'What would make it read {}?': 'Que faudrait-il pour un {} ?',
  'Above all ink {}.': 'Surtout de l’encre {}.',
  'Above all no ink {}.': 'Surtout pas d’encre {}.',
  'at the top left': 'en haut à gauche',
  'at the top': 'en haut',
  'at the top right': 'en haut à droite',
  'on the left': 'à gauche',
  'in the middle': 'au milieu',
  'on the right': 'à droite',
  'at the bottom left': 'en bas à gauche',
  'at the bottom': 'en bas',
  'at the bottom right': 'en bas à droite',
  'speaks for it': 'plaide pour',
  'speaks against it': 'plaide contre',
  'ink to add': 'encre à ajouter',
  'ink to take away': 'encre à ôter',
  'Layer {}: {}': 'Couche {} : {}',
  'The models side by side': 'Les modèles côte à côte',
  Reads: 'Lit',
  Sure: 'Sûr à',
  Keyboard: 'Clavier',
  'On the drawing surface, arrow keys move the tip, with Shift in small steps; Space puts it down and lifts it.':
    'Sur la surface de dessin, les flèches déplacent la pointe, à petits pas avec Maj ; Espace la pose et la lève.',
  'Keys of one character': 'Touches d’un caractère',
  Shift: 'Maj',
  Del: 'Suppr',
  'MNIST test': 'Test MNIST',
  Download: 'Fichier',
  'Loading the model {} …': 'Chargement du modèle {} …',
  'The model {} cannot be used: choose another. ({})':
    'Le modèle {} est inutilisable : choisissez-en un autre. ({})',
  '{} reads instead ({}).': '{} lit à la place ({}).',
  'This drawing cannot be read. ({})': 'Ce dessin ne peut pas être lu. ({})',
  'This drawing cannot be saved. ({})': 'Ce dessin ne peut pas être enregistré. ({})',
  'The model file {} cannot be fetched: the server does not answer':
    'Le fichier {} n’arrive pas : le serveur ne répond pas',
  'The model file {} cannot be fetched: the server says {}':
    'Le fichier {} n’arrive pas : le serveur répond {}',
  'The download of the model file {} broke off': 'Le téléchargement du fichier {} s’est interrompu',
  '{} is a web page, not a model file': '{} est une page web, pas un fichier de modèle',
  'The model file {} cannot be used: {}': 'Le fichier {} est inutilisable : {}',
  'The model file reads no digits, or is too old: export it again':
    'Ce fichier ne lit pas de chiffres, ou il est trop ancien : exportez-le à nouveau',
  'WebGPU is being prepared': 'WebGPU se prépare',
  'WebGPU cannot be used: {}': 'WebGPU est inutilisable : {}',
  'WebGPU was lost: {}': 'WebGPU a été perdu : {}',
  'WebAssembly cannot be used: {}': 'WebAssembly est inutilisable : {}',
  '{}; {}': '{} ; {}',
  'this browser does not offer WebGPU here': 'ce navigateur ne l’offre pas ici',
  'WebGPU finds no graphics adapter': 'aucune carte graphique trouvée',
  'the self-test failed: "{}" of program "{}" is not as expected':
    'l’autotest a échoué : « {} » du programme « {} » n’est pas comme attendu',
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

/** How the page's language says things. */
export interface Locale {
  readonly language: Language;
  /** Goes on in another language. */
  use(language: Language): void;
  /** The phrase, each {} in it filled with the next value. */
  say(phrase: Phrase, ...values: string[]): string;
  /** What went wrong: of a {@link Problem} all that it says, of another error its own message. */
  explain(error: unknown): string;
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

const FORMATS = {
  percent: { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 },
  chance: { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 },
  milliseconds: { style: 'unit', unit: 'millisecond', maximumSignificantDigits: 2 },
  kilobytes: { style: 'unit', unit: 'kilobyte', maximumSignificantDigits: 2 },
  megabytes: { style: 'unit', unit: 'megabyte', maximumSignificantDigits: 2 },
} as const satisfies Record<string, Intl.NumberFormatOptions>;

export function createLocale(first: Language): Locale {
  let language = first;
  let made: Partial<Record<keyof typeof FORMATS, Intl.NumberFormat>> = {};
  // A format is made when it is first used, once for a language: the first of a page takes 25 ms.
  const format = (name: keyof typeof FORMATS, n: number): string =>
    (made[name] ??= new Intl.NumberFormat(language, FORMATS[name])).format(n);
  const say = (phrase: string, values: string[]) =>
    fill(language === 'fr' ? french[phrase as Phrase] : phrase, values);
  const explain = (error: unknown): string =>
    error instanceof Problem
      ? say(error.phrase, error.values.map(explain))
      : textOf(error instanceof Error ? error : String(error));
  return {
    get language() {
      return language;
    },
    use(next) {
      language = next;
      made = {};
    },
    say: (phrase, ...values) => say(phrase, values),
    explain,
    percent: (share) => format('percent', share),
    chance: (p) => format('chance', Math.min(p, 0.999)),
    milliseconds: (ms) => format('milliseconds', ms),
    bytes: (n) => (n < 1e6 ? format('kilobytes', n / 1e3) : format('megabytes', n / 1e6)),
  };
}

/** The English of the elements that are marked `data-i18n`, which the page was written with. */
const written = new WeakMap<Element, Phrase>();

/** Translates the marked elements: the label of those that have one, the text of others. */
export function translatePage(page: Document, { language, say }: Locale): void {
  page.documentElement.lang = language;
  for (const element of page.querySelectorAll('[data-i18n]')) {
    const text = element.ariaLabel ?? element.textContent;
    if (!written.has(element)) written.set(element, text.replace(/\s+/g, ' ').trim() as Phrase);
    const phrase = say(written.get(element)!);
    if (element.ariaLabel) element.ariaLabel = phrase;
    else element.textContent = phrase;
  }
}
