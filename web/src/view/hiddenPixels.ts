/**
 * @file Firefox with resistFingerprinting (LibreWolf, Tor Browser) gives noise for each pixel of a canvas
 * that a page reads, and no error. Brave changes the lowest bits, which a photograph stands.
 */
import { Problem } from '../runtime/problem';

const SIDE = 8; // pixels
const LOW = 8; // of levels 0 … 255

/** @throws Problem where an empty canvas does not come back empty, or nearly */
export function demandPixels(): void {
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d')!;
  if (context.getImageData(0, 0, SIDE, SIDE).data.every((level) => level < LOW)) return;
  throw new Problem('This browser hides pixels: allow this page to read them.');
}
