import { expect, test } from 'vitest';
import { shortcut } from './tools';

const plain = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

test.each([
  ['p', {}, 'pen'],
  ['E', {}, 'eraser'],
  ['c', {}, 'clear'],
  ['Delete', {}, 'clear'],
  ['z', { ctrlKey: true }, 'undo'],
  ['z', { metaKey: true }, 'undo'],
  ['Z', { ctrlKey: true, shiftKey: true }, 'redo'],
  ['y', { ctrlKey: true }, 'redo'],
  ['z', {}, undefined],
  ['c', { ctrlKey: true }, undefined], // copy
  ['p', { metaKey: true }, undefined], // print
  ['e', { altKey: true }, undefined],
  ['q', {}, undefined],
])('%s with %o is %s', (key, modifiers, meaning) => {
  expect(shortcut({ ...plain, key, ...modifiers })).toBe(meaning);
});
