import { expect, test } from 'vitest';
import golden from '../../../golden/rows.json';
import { inLine } from './rows';

const boxOf = ([x0, y0, x1, y1]: number[]) => ({ x0: x0!, y0: y0!, x1: x1!, y1: y1! });

test.each(golden)('the places of $boxes.length boxes', ({ boxes, line }) => {
  expect(inLine(boxes.map(boxOf))).toEqual(line.map(boxOf));
});
