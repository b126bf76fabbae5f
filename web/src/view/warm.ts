import { addStroke, blank, pen } from '../ink/drawing';
import type { Recognizer } from '../recognizer';

const dot = addStroke(blank, { ...pen, points: [[0, 0]] });

/**
 * Reads a dot that nobody sees: a model's first reading takes ten times as long as others, since the
 * engine compiles as it runs.
 */
export async function warmUp(recognizer: Recognizer): Promise<void> {
  await recognizer.read(dot).catch(() => {}); // which the reading of ink will tell
}
