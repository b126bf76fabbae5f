/** @file Frames around the digits on the pad, where there are several or one that is in doubt. */
import type { Reading } from '../recognizer';

/** Returns a function that frames a reading's digits in `element`, which covers a pad of `size` units. */
export function createBoxes(element: HTMLElement) {
  return (digits: Reading['digits'], size: number): void => {
    const isPlain = digits.length === 1 && digits[0]!.sure;
    const frames = (isPlain ? [] : digits).map(({ digit, sure, box }) => {
      const frame = document.createElement('div');
      frame.className = sure ? 'frame' : 'frame unsure';
      frame.dataset.digit = sure ? String(digit) : '?';
      const { x0, y0, x1, y1 } = box;
      const edges = { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
      for (const [name, length] of Object.entries(edges)) {
        frame.style.setProperty(name, `${(100 * length) / size}%`);
      }
      return frame;
    });
    element.replaceChildren(...frames);
  };
}
