/** @file What each layer of the network makes of the picture, while someone draws. */
import { stencil } from '../ink/stencil';
import { latest } from '../live';
import type { Activation, Digit, Recognizer } from '../recognizer';
import { mostDoubtful } from './answer';
import { find } from './find';
import type { Locale } from './i18n';

const GAP = 1; // pixels between tiles

/**
 * Returns a function that shows the activations for the most doubtful of the digits read, while the
 * details are open: a tile for each channel, the more ink the higher in its layer. Without a recognizer
 * they stay; without an answer they go.
 */
export function createLayers({ say }: Locale) {
  return latest(async (digits: readonly Digit[] | undefined, recognizer?: Recognizer) => {
    if (digits && (!recognizer || !find<HTMLDetailsElement>('#why').open)) return;
    const digit = mostDoubtful(digits ?? []);
    const layers = (digit && (await recognizer?.explain(digit.image))) ?? [];
    const figures = layers.map((layer, i) => {
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      caption.textContent = say('Layer {}: {}', String(i + 1), layer.shape.join(' × '));
      figure.append(draw(layer), caption);
      return figure;
    });
    find('#layers').replaceChildren(...figures);
  });
}

function draw({ shape, values }: Activation): HTMLCanvasElement {
  const [channels, height = 1, width = 1] = shape as [number, number?, number?];
  const across = Math.min(channels, width > 16 ? 8 : width > 1 ? 16 : 32);
  const canvas = document.createElement('canvas');
  canvas.width = across * (width + GAP) - GAP;
  canvas.height = Math.ceil(channels / across) * (height + GAP) - GAP;
  const alpha = new Uint8ClampedArray(canvas.width * canvas.height);
  const highest = values.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  values.forEach((value, i) => {
    const channel = Math.floor(i / (height * width));
    const x = (channel % across) * (width + GAP) + (i % width);
    const y = Math.floor(channel / across) * (height + GAP) + (Math.floor(i / width) % height);
    // The root, since most are small; SiLU gives a little below 0.
    alpha[y * canvas.width + x] = 255 * Math.sqrt(Math.max(value, 0) / highest);
  });
  const colour = getComputedStyle(document.body).color;
  const tiles = stencil(canvas.width, canvas.height, alpha, colour);
  canvas.getContext('2d')!.drawImage(tiles, 0, 0);
  return canvas;
}
