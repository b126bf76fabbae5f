/** @file Why this digit, and what another would need: the ink and the paper that decide, in colour. */
import { type Effect, explain, map } from '../explain';
import { stencil } from '../ink/stencil';
import type { Digit, Recognizer } from '../recognizer';
import { mostDoubtful, rank } from './answer';
import { find } from './find';
import type { Locale, Phrase } from './i18n';

const SIDE = 28;
const PAPER = 0;
const INK = 255;

/** Pictures classified before the pen may have its turn: 5 to 10 ms of WebAssembly. */
const CHUNK = 4;

// Rows and columns of the 20 × 20 pixels where MNIST's digits stand.
const PLACES = [
  ['at the top left', 'at the top', 'at the top right'],
  ['on the left', 'in the middle', 'on the right'],
  ['at the bottom left', 'at the bottom', 'at the bottom right'],
] as const satisfies readonly (readonly Phrase[])[];

/**
 * Returns a function that explains the most doubtful of the digits read, while the details are open.
 * Without a recognizer it gives up what it was at, and what it has explained stays; without an answer
 * that goes as well.
 */
export function createWhy({ say }: Locale, onError: (error: unknown) => void) {
  async function show(digits: readonly Digit[], recognizer: Recognizer, signal: AbortSignal) {
    const digit = mostDoubtful(digits);
    find('#why-hint').hidden = digit !== undefined;
    find('#why-figures').hidden = digit === undefined;
    if (!digit) return;

    async function classifyAll(images: Float32Array[]): Promise<Float32Array[]> {
      const logits: Float32Array[] = [];
      while (logits.length < images.length) {
        const chunk = images.slice(logits.length, logits.length + CHUNK);
        logits.push(...(await recognizer.classifyAll(chunk)));
        await new Promise((resolve) => setTimeout(resolve));
        signal.throwIfAborted();
      }
      return logits;
    }
    const { image } = digit;
    const [first, second] = rank(digit.probabilities).map(({ digit }) => digit);
    const [own, other] = await explain(image, [first!, second!], classifyAll);

    const without = map(own!, PAPER);
    paint(
      find('#own'),
      image,
      image.map((ink, i) => ink * Math.max(-without[i]!, 0)),
      image.map((ink, i) => ink * Math.max(without[i]!, 0)),
    );
    const dearest = own!.filter(({ level }) => level === PAPER).sort(byChange)[0];
    const why = digits.length > 1 ? 'Why {}, the least sure?' : 'Why {}?';
    find('#own-title').textContent = say(why, String(first));
    find('#own-words').textContent = dearest
      ? say('Above all its ink {}.', say(placeOf(dearest)))
      : '';

    const [blanked, inked] = [map(other!, PAPER), map(other!, INK)];
    paint(
      find('#other'),
      image,
      image.map((ink, i) => (INK - ink) * Math.max(inked[i]!, 0)),
      image.map((ink, i) => ink * Math.max(blanked[i]!, 0)),
    );
    const best = other!.sort(byChange).at(-1)!;
    const wish = best.level === INK ? 'Above all ink {}.' : 'Above all no ink {}.';
    find('#other-title').textContent = say('What would make it read {}?', String(second));
    find('#other-words').textContent = say(wish, say(placeOf(best)));
  }

  let stop = new AbortController();
  return (digits: readonly Digit[] | undefined, recognizer: Recognizer | undefined): void => {
    stop.abort();
    if (!digits) find('#why-hint').hidden = find('#why-figures').hidden = true;
    if (!digits || !recognizer || !find<HTMLDetailsElement>('#why').open) return;
    stop = new AbortController();
    const { signal } = stop;
    show(digits, recognizer, signal).catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    });
  };
}

const byChange = (a: Effect, b: Effect) => a.change - b.change;

function placeOf({ x, y }: Effect): Phrase {
  const third = (at: number) => Math.min(Math.max(Math.floor((at - 4) / (20 / 3)), 0), 2);
  return PLACES[third(y)]![third(x)]!;
}

/**
 * The picture, faint, and over it the ink or paper that speaks for a digit and that which speaks
 * against it, by the square of its share of the most (what counts stands out), in the colours of the figure's legend.
 */
function paint(canvas: HTMLElement, image: Float32Array, plus: Float32Array, minus: Float32Array) {
  const most = Math.max(...plus, ...minus, Number.MIN_VALUE);
  const legend = [...canvas.parentElement!.querySelectorAll('i')];
  const [plusColour, minusColour] = legend.map((mark) => getComputedStyle(mark).color);
  const context = (canvas as HTMLCanvasElement).getContext('2d')!;
  context.clearRect(0, 0, SIDE, SIDE);
  const layers = [
    [image.map((ink) => 0.3 * ink), getComputedStyle(canvas).color],
    [plus.map((change) => 255 * (change / most) ** 2), plusColour!],
    [minus.map((change) => 255 * (change / most) ** 2), minusColour!],
  ] as const;
  for (const [alpha, colour] of layers) context.drawImage(stencil(SIDE, SIDE, alpha, colour), 0, 0);
}
