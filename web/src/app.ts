/** @file The page: it holds the drawing and the model, and keeps the answer up with both. */
import { addStroke, blank, clear, type Drawing, eraser, isBlank, pen } from './ink/drawing';
import { commit, type History, redo, startHistory, undo } from './ink/history';
import { createPad } from './ink/pad';
import { MODELS } from './models';
import { loadRecognizer, type Reading, type Recognizer, type Status } from './recognizer';
import { latest } from './runtime/latest';
import { BACKENDS, createAnswer } from './view/answer';
import { createBars } from './view/bars';
import { createBoxes } from './view/boxes';
import { find } from './view/find';
import { perFrame } from './view/frame';
import { chooseLanguage, createLocale, translatePage } from './view/i18n';
import { acceptPictures } from './view/pictures';
import { createPreview } from './view/preview';
import { createSharing } from './view/sharing';
import { createTools } from './view/tools';
import { keepOffline } from './view/update';

const query = new URLSearchParams(location.search);
const locale = createLocale(chooseLanguage(query.get('lang'), navigator.languages));
translatePage(document, locale);

const showAnswer = createAnswer(locale);
const showBars = createBars(find('#bars'), locale.chance);
const showImages = createPreview(find('#preview'));
const showFrames = createBoxes(find('#frames'));

function show(reading: Reading | undefined, final: boolean): void {
  const digits = reading?.digits ?? [];
  showAnswer(reading, final);
  showBars(digits);
  showImages(digits);
  showFrames(digits, history.present.size);
}

function report(message: string, isError = false): void {
  const status = find('#status');
  status.textContent = message;
  status.classList.toggle('error', isError);
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

// Reading: at most once a frame, one reading in flight, and the newest ink wins.

let recognizer: Recognizer | undefined;

const read = perFrame(
  latest(async (drawing: Drawing) => {
    const reader = recognizer;
    try {
      const reading = await reader?.read(drawing);
      if (reading && reader === recognizer) show(reading, drawing === history.present);
    } catch (error) {
      if (reader !== recognizer) return; // it was given up meanwhile
      report(locale.say('This drawing cannot be read. ({})', reasonOf(error)), true);
    }
  }),
);

// The drawing, its history, and the tools that change it.

let history = startHistory(blank);

function change(next: History<Drawing>): void {
  history = next;
  const { past, present, future } = history;
  pad.show(present);
  tools.enable('undo', past.length > 0);
  tools.enable('redo', future.length > 0);
  tools.enable('clear', !isBlank(present));
  find<HTMLButtonElement>('#share').disabled = isBlank(present);
  find('.hint').classList.toggle('inked', !isBlank(present));
  read(present);
}

const pad = createPad(find<HTMLCanvasElement>('#pad'), {
  onDraw(stroke) {
    find('.hint').classList.add('inked');
    read(addStroke(history.present, stroke));
  },
  onEnd(stroke) {
    change(stroke ? commit(history, addStroke(history.present, stroke)) : history);
  },
});

const tools = createTools((name) => {
  if (name === 'undo') change(undo(history));
  else if (name === 'redo') change(redo(history));
  else if (name === 'clear') change(commit(history, clear(history.present)));
  else {
    pad.tool = name === 'pen' ? pen : eraser;
    tools.select(name);
  }
});

acceptPictures({
  onPicture(picture) {
    report('');
    change(commit(history, { ...blank, picture }));
  },
  onRefuse: (phrase) => report(locale.say(phrase), true),
});

const keepInAddress = createSharing(locale, {
  current: () => history.present,
  onDrawing(drawing) {
    report('');
    change(commit(history, drawing));
  },
});
addEventListener('load', () => void keepOffline(keepInAddress)); // not before what is needed now

// The model.

function showModel(model: Recognizer | undefined): void {
  const { mnist } = (model?.card ?? {}) as { mnist?: { accuracy: number } };
  find('#accuracy').textContent = mnist ? locale.percent(mnist.accuracy) : '–';
  find('#bytes').textContent = model ? locale.bytes(model.bytes) : '–';
}

const asked = query.get('backend');
const backend = asked === 'webgpu' || asked === 'wasm' ? asked : 'auto';
let turn = 0;

async function load(name: string): Promise<void> {
  const mine = ++turn;
  recognizer?.destroy();
  recognizer = undefined;
  report(locale.say('Loading the model {} …', name));
  try {
    const loaded = await loadRecognizer(MODELS[name]!, {
      backend,
      onChange(status) {
        if (mine === turn && recognizer) go(status);
      },
    });
    if (mine !== turn) return loaded.destroy();
    recognizer = loaded;
    showModel(loaded);
    // As long as `auto` only prepares WebGPU, there is nothing to explain.
    go(backend === 'auto' ? { ...loaded.status, reason: undefined } : loaded.status);
  } catch (error) {
    if (mine !== turn) return;
    showModel(undefined);
    show(undefined, true);
    report(
      locale.say('The model {} cannot be used: choose another. ({})', name, reasonOf(error)),
      true,
    );
  }
}

/** The model is ready, or goes on with another backend: says why, and reads again. */
function go({ backend, reason }: Status): void {
  report(reason ? locale.say('{} reads instead ({}).', BACKENDS[backend], reason) : '');
  read(history.present);
}

const wanted = query.get('model') ?? '';
const first = wanted in MODELS ? wanted : 'cnn';
for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=model]')) {
  radio.checked = radio.value === first;
  radio.addEventListener('change', () => void load(radio.value));
}
change(history);
void load(first);
