/**
 * @file A drawing as the fragment of a link, which never leaves the browser: its JSON, DEFLATE-compressed
 * (RFC 1951), in base64url (RFC 4648). JSON keeps every double exactly (but −0, which becomes 0); a digit
 * of 60 points takes about 400 characters.
 */
import type { Drawing, Point, Stroke } from './drawing';

// A link of a few hundred characters could unpack to gigabytes. This is 100,000 points.
const LONGEST = 4e6;
/** Steps along what is drawn, times points that erase: a second or two's work (see fit.ts). */
const MOST_ERASING = 5e7;

/** The drawing's strokes; its picture, if it has one, is too large for a link. */
export async function encode({ size, strokes }: Drawing): Promise<string> {
  const json = new Blob([JSON.stringify({ size, strokes })]);
  const packed = json.stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The drawing that `encode` was given, or undefined if `text` is not a drawing's, whatever it is. */
export async function decode(text: string): Promise<Drawing | undefined> {
  try {
    const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(await inflate(bytes));
    if (!isDrawing(value) || erasing(value) > MOST_ERASING) return undefined;
    return { size: value.size, strokes: value.strokes };
  } catch {
    return undefined;
  }
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const reader = unpacked.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
    if (text.length > LONGEST) throw new Error('too long');
  }
}

function erasing({ size, strokes }: Drawing): number {
  let [steps, erasers] = [0, 0];
  for (const { erase, points } of strokes) {
    if (erase) erasers += points.length;
    else {
      points.reduce(([ax, ay], b) => {
        // At most from corner to corner of what lies around the canvas.
        steps += Math.min(1 + (Math.hypot(b[0] - ax, b[1] - ay) / size) * 280, 1200);
        return b;
      });
    }
  }
  return steps * erasers;
}

const isLength = (value: unknown) => Number.isFinite(value) && (value as number) > 0;

/** x, y and perhaps pressure. */
const isPoint = (value: unknown): value is Point =>
  Array.isArray(value) && [2, 3].includes(value.length) && value.every(Number.isFinite);

function isStroke(value: unknown): value is Stroke {
  const { width, erase, points } = value as Partial<Stroke>;
  const isLine = Array.isArray(points) && points.length > 0 && points.every(isPoint);
  return isLength(width) && typeof erase === 'boolean' && isLine;
}

function isDrawing(value: unknown): value is Drawing {
  const { size, strokes } = value as Partial<Drawing>;
  return isLength(size) && Array.isArray(strokes) && strokes.every(isStroke);
}
