/**
 * @file Firefox with resistFingerprinting (LibreWolf, Tor Browser) gives noise for each pixel of a canvas
 * that a page reads, and no error. Brave changes the lowest bits, which a photograph stands.
 */
import { Problem } from '../runtime/problem';

const SIDE = 8;
const DARK = 16;

/** @throws Problem where a black canvas does not come back black, or nearly */
export function demandPixels(): void {
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d')!;
  context.fillRect(0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  if (data.every((level, i) => i % 4 === 3 || level < DARK)) return;
  throw new Problem('This browser hides pixels from pages: allow this one to read them.');
}
