import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commit, redo, startHistory, undo, type History } from './history';

test('undo takes back every step, Clear among them, and redo brings each one back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(), { minLength: 2 }), ([first, ...rest]) => {
      const steps: History<number>[] = [startHistory(first!)];
      for (const value of rest) steps.push(commit(steps.at(-1)!, value));
      let history = steps.at(-1)!;
      for (const step of steps.slice(0, -1).reverse()) {
        history = undo(history);
        expect(history.present).toBe(step.present);
        expect(history.past).toEqual(step.past);
      }
      for (const step of steps.slice(1)) {
        history = redo(history);
        expect(history.present).toBe(step.present);
      }
      expect(history).toEqual(steps.at(-1));
    }),
  );
});

test('undo at the first step and redo at the last change nothing', () => {
  const history = commit(startHistory('a'), 'b');
  expect(redo(history)).toEqual(history);
  expect(undo(undo(history))).toEqual(undo(history));
});

test('a new step forgets what was taken back, the same value is no step', () => {
  const history = undo(commit(startHistory('a'), 'b'));
  expect(commit(history, 'a')).toBe(history);
  expect(commit(history, 'c')).toEqual({ past: ['a'], present: 'c', future: [] });
});
