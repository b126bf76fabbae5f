import { addStroke, blank, pen } from '../ink/drawing';
import type { Recognizer } from '../recognizer';
import { perFrame } from './frame';

/**
 * Reads a dot that nobody sees, after what there is to read: a model's first reading takes ten times as
 * long as others, since the engine compiles as it runs, and the pen must not wait for that.
 */
export const warmUp = perFrame((recognizer: Recognizer) => {
  const dot = { ...pen, points: [[0, 0]] as const };
  recognizer.read(addStroke(blank, dot)).catch(() => {}); // which the reading of ink will tell
});
