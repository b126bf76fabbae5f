/** @file Frames around the digits on the pad, where there are several or one that is in doubt. */
import type { Reading } from '../recognizer';

/** Returns a function that frames a reading's digits in `element`, which covers a pad of `size` units. */
export function createBoxes(element: HTMLElement) {
  const frames: HTMLElement[] = [];

  return (digits: Reading['digits'], size: number): void => {
    const isPlain = digits.length === 1 && digits[0]!.sure;
    const framed = isPlain ? [] : digits;
    // Those that are there stay: for one that goes the browser lays out the whole page.
    while (frames.length < framed.length) {
      frames.push(document.createElement('div'));
      element.append(frames.at(-1)!);
    }
    frames.forEach((frame, i) => {
      frame.className = framed[i] ? 'frame' : '';
      if (!framed[i]) return;
      const { digit, sure, box } = framed[i];
      frame.classList.toggle('unsure', !sure);
      frame.dataset.digit = sure ? String(digit) : '?';
      const { x0, y0, x1, y1 } = box;
      const edges = { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
      for (const [name, length] of Object.entries(edges)) {
        frame.style.setProperty(name, `${(100 * length) / size}%`);
      }
    });
  };
}
