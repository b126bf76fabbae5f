import { beforeEach, expect, test, vi } from 'vitest';
import { blank, extendStroke, pen, type Stroke } from '../ink/drawing';
import type { Pad } from '../ink/pad';
import { createLocale } from './i18n';
import { drawByKeys } from './keys';

let canvas: EventTarget;
let stroke: Stroke | undefined;
let isHeld = false;

/** As much of a pad as the keys use. */
const pad = {
  tool: pen,
  get isDrawing() {
    return stroke !== undefined;
  },
  get isHeld() {
    return isHeld;
  },
  begin: (tool: Stroke) => (stroke = tool),
  extend: (points) => (stroke = stroke && extendStroke(stroke, points)),
  end: () => (stroke = undefined),
} as Partial<Pad> as Pad;

beforeEach(() => {
  canvas = new EventTarget();
  stroke = undefined;
  isHeld = false;
  const none = vi.fn();
  drawByKeys(canvas as HTMLCanvasElement, blank.size, pad, none, none, createLocale('en'));
});

/** Whether the page may scroll for it. */
const press = (key: string, repeat = false): boolean =>
  canvas.dispatchEvent(Object.assign(new Event('keydown', { cancelable: true }), { key, repeat }));

test('the space bar held down puts the tip down once, and the page stays where it is', () => {
  expect([press(' '), press(' ', true), press(' ', true)]).toEqual([false, false, false]);
  expect(stroke?.points).toEqual([[140, 140]]);
  press('ArrowUp');
  press('ArrowUp', true);
  expect(stroke?.points).toEqual([[140, 140], [140, 130], [140, 120]]); // prettier-ignore
});

test('the arrow keys leave a pointer’s stroke alone, also after one of their own', () => {
  for (const key of ['', ' ']) {
    press(key);
    isHeld = true;
    pad.begin(pen);
    pad.extend([[1, 2]]);
    expect(press('ArrowUp')).toBe(false);
    expect(stroke?.points).toEqual([[1, 2]]);
    isHeld = false;
  }
});
