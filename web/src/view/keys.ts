/** @file Drawing by keyboard: the arrow keys move the tip of the tool, the space bar puts it down. */
import type { Point, Stroke } from '../ink/drawing';
import type { Pad } from '../ink/pad';
import type { Locale } from './i18n';

/** In canvas units: a cell of the picture that the network sees, and with Shift a fifth of that. */
const STEP = 10;
const SMALL = 2;

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Lets `pad` on `canvas`, of `size` units, be drawn on by keyboard.
 * @param showTip shows the tip at a place, or hides it
 * @param speak tells a screen reader what became of the tip and where it is
 */
export function drawByKeys(
  canvas: HTMLCanvasElement,
  size: number,
  pad: Pad,
  showTip: (tool?: Stroke, at?: Point, ahead?: readonly Point[], isDown?: boolean) => void,
  speak: (words: string) => void,
  { say }: Locale,
): void {
  let at: Point = [size / 2, size / 2];
  const show = () => showTip(pad.tool, at, [], pad.isDrawing);
  const percent = (x: number) => String(Math.round((100 * x) / size));
  const inside = (x: number) => Math.min(Math.max(x, 0), size);

  function putDownOrLift(): void {
    if (pad.isDrawing) return pad.end(); // and the reading is spoken
    pad.begin(pad.tool);
    pad.extend([at]);
    speak(say('Down at {}% across, {}% from the top.', percent(at[0]), percent(at[1])));
  }

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? SMALL : STEP;
      at = [inside(at[0] + step * arrow[0]), inside(at[1] + step * arrow[1])];
      if (!pad.isHeld) pad.extend([at]); // a pointer's stroke is not for the keys
    } else if (event.key === ' ') {
      if (!event.repeat) putDownOrLift();
    } else {
      return;
    }
    event.preventDefault(); // the page stays where it is
    show();
  });
  canvas.addEventListener('focus', () => {
    if (canvas.matches(':focus-visible')) show(); // a mouse has its own tip
  });
  canvas.addEventListener('blur', () => {
    pad.end();
    showTip();
  });
}
