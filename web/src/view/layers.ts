/** @file What each layer of the network makes of the picture, while someone draws. */
import { tint } from '../ink/stencil';
import { latest } from '../live';
import type { Activation, Digit, Recognizer } from '../recognizer';
import { mostDoubtful } from './answer';
import { find } from './find';
import type { Locale } from './i18n';
import { write } from './write';

const GAP = 1; // pixels between tiles

/**
 * Returns a function that shows the activations for the most doubtful of the digits read, while the
 * details are open: a tile for each channel, the more ink the higher in its layer. Without a recognizer
 * they stay; without an answer they go.
 */
export function createLayers({ say }: Locale) {
  const element = find('#layers');
  /** Those that are there stay: a canvas for every reading takes longer than what is drawn on it. */
  const figures: ReturnType<typeof createFigure>[] = [];

  return latest(async (digits: readonly Digit[] | undefined, recognizer?: Recognizer) => {
    if (digits && (!recognizer || !find<HTMLDetailsElement>('#why').open)) return;
    const digit = mostDoubtful(digits ?? []);
    await new Promise((resolve) => setTimeout(resolve)); // the pen's turn: what was read took its time
    const layers = (digit && (await recognizer?.explain(digit.image))) ?? [];
    while (figures.length > layers.length) figures.pop()!.figure.remove();
    while (figures.length < layers.length) {
      figures.push(createFigure());
      element.append(figures.at(-1)!.figure);
    }
    layers.forEach((layer, i) => {
      const { canvas, caption } = figures[i]!;
      write(caption, say('Layer {}: {}', String(i + 1), layer.shape.join(' × ')));
      draw(canvas, layer);
    });
  });
}

function createFigure() {
  const [figure, canvas, caption] = (['figure', 'canvas', 'figcaption'] as const).map((name) =>
    document.createElement(name),
  ) as [HTMLElement, HTMLCanvasElement, HTMLElement];
  figure.append(canvas, caption);
  return { figure, canvas, caption };
}

function draw(canvas: HTMLCanvasElement, { shape, values }: Activation): void {
  const [channels, height = 1, width = 1] = shape as [number, number?, number?];
  const across = Math.min(channels, width > 16 ? 8 : width > 1 ? 16 : 32);
  const line = across * (width + GAP) - GAP;
  const pixels = new ImageData(line, Math.ceil(channels / across) * (height + GAP) - GAP);
  const { data } = pixels;
  let highest = Number.MIN_VALUE;
  for (const value of values) highest = Math.max(highest, value);
  const scale = 255 / Math.sqrt(highest);
  let i = 0;
  for (let channel = 0; channel < channels; channel++) {
    const left = (channel % across) * (width + GAP);
    const top = Math.floor(channel / across) * (height + GAP);
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) {
        // The root, since most are small; SiLU gives a little below 0.
        data[4 * (y * line + x) + 3] = scale * Math.sqrt(Math.max(values[i++]!, 0));
      }
    }
  }
  if (canvas.width !== line || canvas.height !== pixels.height) {
    [canvas.width, canvas.height] = [line, pixels.height];
  }
  tint(canvas, pixels, getComputedStyle(document.body).color);
}
