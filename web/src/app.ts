/** @file The page: it holds the drawing and the model, and keeps the answer up with both. */
import { onNewColours } from './ink/colour';
import { addStroke, blank, clear, type Drawing, eraser, isBlank, pen } from './ink/drawing';
import { commit, type History, redo, startHistory, undo } from './ink/history';
import { createPad } from './ink/pad';
import { latest, perFrame } from './live';
import { backendOf, MODELS, stopUsual, USUAL } from './models';
import { loadRecognizer, type Reading, type Recognizer, type Status } from './recognizer';
import { BACKENDS, createAnswer, speak } from './view/answer';
import { createBars } from './view/bars';
import { createBoxes } from './view/boxes';
import { createCompare } from './view/compare';
import { createExamples } from './view/examples';
import { find } from './view/find';
import { chooseLanguage, createLocale, translatePage } from './view/i18n';
import { drawByKeys } from './view/keys';
import { createLayers } from './view/layers';
import { acceptPictures } from './view/pictures';
import { createPreview } from './view/preview';
import { createSharing } from './view/sharing';
import { createTip } from './view/tip';
import { createTools, type Tool } from './view/tools';
import { keepOffline } from './view/update';
import { warmUp } from './view/warm';
import { createWhy } from './view/why';

const query = new URLSearchParams(location.search);
const locale = createLocale(chooseLanguage(query.get('lang'), navigator.languages));
const backend = backendOf(query.get('backend'));

/** So that the page opens with this again, from a bookmark or when it is loaded anew. */
function keepInQuery(name: string, value: string): void {
  query.set(name, value);
  window.history.replaceState(null, '', `?${query}${location.hash}`);
}

/** Kept as a function, to be said again in another language. */
interface Message {
  say(): string;
  readonly isError: boolean;
}

/** What there is to say of each; of several, the first is said. */
const messages: Record<'picture' | 'reading' | 'model', Message | undefined> = {
  picture: undefined,
  reading: undefined,
  model: undefined,
};

const topmost = () => messages.picture ?? messages.reading ?? messages.model;

function report(of: keyof typeof messages, say?: () => string, isError = false): void {
  const before = topmost();
  messages[of] = say && { say, isError };
  if (topmost() !== before) showStatus();
}

function showStatus(): void {
  find('#status').textContent = topmost()?.say() ?? '';
  find('#status').classList.toggle('error', topmost()?.isError ?? false);
}

/** The drawing is another one, or another model is to read it. */
function forget(): void {
  report('picture');
  report('reading');
}

function refuse(name: string, error: unknown): void {
  const refusal = 'The model {} cannot be used: choose another. ({})';
  report('model', () => locale.say(refusal, name, locale.explain(error)), true);
}

function fail(error: unknown): void {
  const failure = 'This drawing cannot be read. ({})';
  report('reading', () => locale.say(failure, locale.explain(error)), true);
}

// What is shown of a reading.

const radios = [...document.querySelectorAll<HTMLInputElement>('input[name=model]')];
const load = (name: string, onChange: (status: Status) => void = () => {}) =>
  loadRecognizer(MODELS[name]!, { backend, onChange });

const showAnswer = createAnswer(locale);
const showBars = createBars(find('#bars'), locale.chance);
const showImages = createPreview(find('#preview'));
const showFrames = createBoxes(find('#frames'));
const explain = createWhy(locale, fail);
const names = radios.map(({ value }) => value);
const showLayers = createLayers(locale);
const compare = createCompare(locale, names, load);

let spoken: Drawing = blank;
/** Readings that have come to their end. */
let finished = 0;
/** What is shown, if there is an answer: while another model loads, that of the last one. */
let shown: { reading: Reading; drawing: Drawing } | undefined;

function show(reading: Reading | undefined, drawing: Drawing): void {
  shown = reading && { reading, drawing };
  const isFinal = drawing === history.present;
  const isNew = reading !== undefined && isFinal && drawing !== spoken;
  const digits = reading?.digits ?? [];
  // Once for each drawing: not while the pen is down, nor when another model or backend reads it.
  showAnswer(reading, isNew, finished);
  if (isNew) spoken = drawing;
  showImages(digits);
  showBars(digits);
  showFrames(digits, drawing.size);
  explain(reading?.digits, isFinal ? recognizer : undefined);
  const reader = recognizer;
  showLayers(reading?.digits, reader).catch((error: unknown) => {
    if (reader === recognizer) fail(error);
  });
  if (isFinal) compare(drawing);
}

// Reading: at most once a frame, one reading in flight, and the newest ink wins.

let recognizer: Recognizer | undefined;
/** What is drawn, the stroke in hand included. */
let newest: Drawing = blank;

const read = perFrame(
  latest(async (drawing: Drawing) => {
    const reader = recognizer;
    try {
      const reading = await reader?.read(drawing);
      if (!reading || reader !== recognizer) return;
      finished++;
      show(reading, drawing);
    } catch (error) {
      if (reader === recognizer && drawing === newest) fail(error); // else it was given up meanwhile
    }
  }),
  () => shown?.reading.ms,
);

function update(drawing: Drawing): void {
  newest = drawing;
  forget(); // what could not be read was another
  read(drawing);
}

// The drawing, its history, and the tools that change it.

let history = startHistory(blank);

function change(next: History<Drawing>): void {
  history = next;
  const { past, present, future } = history;
  pad.show(present);
  tools.enable('undo', past.length > 0);
  tools.enable('redo', future.length > 0);
  tools.enable('clear', !isBlank(present));
  tools.enable('share', !isBlank(present));
  find('.hint').classList.toggle('inked', !isBlank(present));
  address.follow(present);
  update(present);
}

const surface = find<HTMLCanvasElement>('#pad');
const tip = createTip(document.querySelector('#tip')!);
const pad = createPad(surface, {
  onDraw(stroke) {
    find('.hint').classList.add('inked');
    tools.enable('undo', true);
    tools.enable('clear', true);
    update(addStroke(history.present, stroke));
  },
  onEnd(stroke) {
    change(stroke ? commit(history, addStroke(history.present, stroke)) : history);
  },
  onPoint: tip.show,
});
pad.watch();
drawByKeys(surface, blank.size, pad, tip.show, speak, locale);

let tool: Tool = 'pen';
const held = { pen, eraser };
const thickness = find<HTMLInputElement>('#thickness');

function hold(next: Tool): void {
  tool = next;
  pad.tool = held[tool];
  pad.eraser = held.eraser;
  thickness.value = String(held[tool].width);
  tools.select(tool);
}

thickness.addEventListener('input', () => {
  held[tool] = { ...held[tool], width: thickness.valueAsNumber };
  hold(tool);
  tip.show(pad.tool, [blank.size / 2, blank.size / 2]);
});
// Not at a change: each key of a keyboard makes one.
for (const end of ['pointerup', 'pointercancel', 'blur']) {
  thickness.addEventListener(end, () => tip.show());
}

const tools = createTools((name) => {
  pad.end();
  if (name === 'undo') change(undo(history));
  else if (name === 'redo') change(redo(history));
  else if (name === 'clear') change(commit(history, clear(history.present)));
  else hold(name);
  tip.lift(pad.tool);
});

const stopExample = createExamples(find('#digits'), pad, () => {
  change(commit(history, clear(history.present)));
});

/** A drawing from elsewhere takes the place of this one: what is being drawn on it ends. */
function take(drawing: Drawing): void {
  stopExample();
  pad.end();
  change(commit(history, drawing));
}

acceptPictures({
  onPicture: (picture) => take({ ...blank, picture }),
  onRefuse: (phrase) => report('picture', () => locale.say(phrase), true),
});

const address = createSharing(locale, {
  current: () => history.present,
  onDrawing: take,
});

// The model.

let turn = 0;
/** After what there is to read: the pen must not wait for it. */
const warmLater = perFrame(warmUp);
/** The model that could not be had, if it is the one chosen. */
let refused: string | undefined;

async function choose(name: string): Promise<void> {
  const mine = ++turn;
  recognizer?.destroy();
  recognizer = refused = undefined;
  explain([], undefined);
  forget();
  report('model', () => locale.say('Loading the model {} …', name));
  try {
    const loaded = await load(name, (status) => {
      if (mine === turn && recognizer) go(status);
    });
    if (mine !== turn) return loaded.destroy();
    recognizer = loaded;
    go(loaded.status);
    warmLater(loaded);
  } catch (error) {
    if (mine !== turn) return;
    refused = name;
    show(undefined, newest);
    refuse(name, error);
  }
}

/** The model is ready, or goes on with another backend: says why, if one was asked for, and reads again. */
function go(status: Status): void {
  const name = BACKENDS[status.backend];
  const problem = backend === 'auto' ? undefined : status.problem;
  report(
    'model',
    problem && (() => locale.say('{} reads instead ({}).', name, locale.explain(problem))),
  );
  report('reading'); // it may succeed now
  read(newest);
}

// The language.

const language = find('#language');

function translate(): void {
  translatePage(document, locale);
  delete document.body.dataset.loading;
  const other = locale.language === 'en' ? 'fr' : 'en';
  language.lang = other;
  language.textContent = other === 'fr' ? 'Français' : 'English';
}

language.addEventListener('click', () => {
  locale.use(locale.language === 'en' ? 'fr' : 'en');
  keepInQuery('lang', locale.language);
  translate();
  showStatus();
  if (recognizer) read(newest);
  else show(shown?.reading, shown?.drawing ?? newest);
});
translate();

const wanted = query.get('model') ?? '';
const first = Object.hasOwn(MODELS, wanted) ? wanted : USUAL;
if (first !== USUAL) stopUsual();
for (const radio of radios) {
  radio.checked = radio.value === first;
  radio.addEventListener('change', () => {
    keepInQuery('model', radio.value);
    void choose(radio.value);
  });
  // One that is checked does not change: it is asked for again.
  radio.addEventListener('click', () => {
    if (radio.value === refused) void choose(refused);
  });
}
find('#why').addEventListener('toggle', () => read(newest));
onNewColours(() => read(newest)); // in which a reading is shown
hold('pen');
change(history);
// What can wait until there is a first reading: to keep all models, and to be ready to say numbers.
const later = perFrame(() => {
  void keepOffline(() => {
    pad.end(); // the stroke in hand would be lost
    return address.keep();
  });
  locale.chance(0);
});
void choose(first).then(later);
