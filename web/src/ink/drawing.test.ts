import { expect, test } from 'vitest';
import { addStroke, blank, clear, type Drawing, eraser, extendStroke, pen, usual } from './drawing';

test('extending a stroke leaves the one given as it was', () => {
  const dot = extendStroke(pen, [[1, 2]]);
  const line = extendStroke(dot, [[3, 4]]);
  expect(pen.points).toEqual([]);
  expect(dot.points).toEqual([[1, 2]]);
  expect(line).toEqual({ width: 22, erase: false, points: [[1, 2], [3, 4]] }); // prettier-ignore
});

test('points that are not finite are dropped, points outside the canvas are kept', () => {
  const stroke = extendStroke(eraser, [
    [NaN, 1],
    [-5, 900],
    [1, Infinity],
  ]);
  expect(stroke.points).toEqual([[-5, 900]]);
});

test('strokes lie in the order drawn', () => {
  const first = extendStroke(pen, [[1, 1]]);
  const second = extendStroke(eraser, [[2, 2]]);
  expect(addStroke(addStroke(blank, first), second).strokes).toEqual([first, second]);
  expect(blank.strokes).toEqual([]);
});

test('nothing changes where nothing is drawn or cleared', () => {
  expect(addStroke(blank, pen)).toBe(blank);
  expect(clear(blank)).toBe(blank);
});

test('clearing leaves the usual canvas', () => {
  const drawing = { size: 100, strokes: [extendStroke(pen, [[1, 1]])] };
  expect(clear(drawing)).toBe(blank);
});

test('a drawing of another size fills the usual canvas, as hard as it was pressed', () => {
  const drawing: Drawing = {
    size: 140,
    strokes: [{ width: 11, erase: true, points: [[1, 2, 0.3], [4, 5]] }], // prettier-ignore
  };
  expect(usual(drawing)).toEqual({
    size: 280,
    strokes: [{ width: 22, erase: true, points: [[2, 4, 0.3], [8, 10]] }], // prettier-ignore
  });
  expect(usual(blank)).toBe(blank);
  const picture = { width: 1, height: 1, ink: Uint8Array.of(255) };
  expect(usual({ size: 1, picture, strokes: [] })).toEqual({ ...blank, picture });
});
