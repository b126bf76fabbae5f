/** @file The drawing surface: pointer events to strokes, and strokes to a canvas that is never read. */
import { blank, type Drawing, eraser, extendStroke, pen, type Stroke } from './drawing';
import type { Picture } from './picture';

// Bits of PointerEvent.buttons. The right mouse button and a stylus' barrel button are the same bit.
const DRAW = 1;
const ERASE = 2 | 32;

export interface PadEvents {
  /** A pointer is down: the stroke so far. */
  onDraw(stroke: Stroke): void;
  /** The pointer is up, and this is the whole stroke; undefined if the system took the pointer away. */
  onEnd(stroke: Stroke | undefined): void;
}

export interface Pad {
  /** What the pointer's main button draws with. */
  tool: Stroke;
  /** Shows `drawing` from now on, under the stroke being drawn. */
  show(drawing: Drawing): void;
}

/**
 * Makes `canvas` a drawing surface for mouse, touch and stylus, in the CSS colour `color`. The eraser
 * end or barrel button of a stylus and the right mouse button erase, whatever the tool. One pointer
 * draws at a time: a second finger or a resting palm does nothing.
 *
 * The canvas' CSS decides its size; it must be square and say `touch-action: none`, or a touch would
 * scroll the page instead of drawing.
 */
export function createPad(canvas: HTMLCanvasElement, { onDraw, onEnd }: PadEvents): Pad {
  const context = canvas.getContext('2d')!;
  let drawing = blank;
  let stroke: Stroke | undefined;
  let pointer: number | undefined;

  /** Draws `stroke` from its point number `start` on. */
  function paint({ points, width, erase }: Stroke, start: number): void {
    context.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
    context.lineWidth = width;
    context.beginPath();
    if (start === 0) {
      // A canvas draws no segment without length: the dot that begins a stroke is a disc.
      context.arc(...points[0]!, width / 2, 0, 2 * Math.PI);
      context.fill();
      context.beginPath();
    }
    for (const point of points.slice(Math.max(start - 1, 0))) context.lineTo(...point);
    context.stroke();
  }

  /** Draws the picture's ink in the colour of the strokes. */
  function paintPicture({ width, height, ink }: Picture): void {
    const pixels = new ImageData(width, height);
    ink.forEach((coverage, i) => (pixels.data[4 * i + 3] = coverage));
    const sheet = canvas.ownerDocument.createElement('canvas');
    [sheet.width, sheet.height] = [width, height];
    const stencil = sheet.getContext('2d')!;
    stencil.putImageData(pixels, 0, 0);
    stencil.globalCompositeOperation = 'source-in';
    stencil.fillStyle = context.fillStyle;
    stencil.fillRect(0, 0, width, height);
    const scale = drawing.size / Math.max(width, height);
    const [left, top] = [width, height].map((length) => (drawing.size - length * scale) / 2);
    context.drawImage(sheet, left!, top!, width * scale, height * scale);
  }

  /** Fits the bitmap to the screen's own pixels, which also clears it, and draws everything. */
  function repaint(): void {
    const { width } = canvas.getBoundingClientRect();
    canvas.width = canvas.height = Math.round(width * devicePixelRatio);
    context.scale(canvas.width / drawing.size, canvas.width / drawing.size);
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
    if (drawing.picture) paintPicture(drawing.picture);
    for (const stroke of drawing.strokes) paint(stroke, 0);
    if (stroke?.points.length) paint(stroke, 0);
  }

  /** Adds where the pointer has been since the last event, which may be several places. */
  function extend(event: PointerEvent): void {
    if (!stroke) return;
    const { left, top, width } = canvas.getBoundingClientRect();
    const scale = drawing.size / width;
    // Safari before 18.2 has no coalesced events, and an event that is not a move has none of them.
    const coalesced = event.getCoalescedEvents?.() ?? [];
    const events = coalesced.length > 0 ? coalesced : [event];
    const start = stroke.points.length;
    stroke = extendStroke(
      stroke,
      events.map(({ clientX, clientY }) => [(clientX - left) * scale, (clientY - top) * scale]),
    );
    if (stroke.points.length === start) return;
    paint(stroke, start);
    onDraw(stroke);
  }

  function end(finished: Stroke | undefined): void {
    stroke = pointer = undefined;
    onEnd(finished);
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (pointer !== undefined || !(event.buttons & (DRAW | ERASE))) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    stroke = event.buttons & ERASE ? eraser : pad.tool;
    extend(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId === pointer) extend(event);
  });
  canvas.addEventListener('pointercancel', (event) => {
    if (event.pointerId === pointer) end(undefined);
  });
  // Capture ends with pointerup, and with whatever else might take the pointer away.
  canvas.addEventListener('lostpointercapture', (event) => {
    if (event.pointerId === pointer) end(stroke);
  });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());

  // The ink follows the size of the canvas, the zoom of the page and the colours of the system.
  new ResizeObserver(repaint).observe(canvas);
  addEventListener('resize', repaint);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);

  const pad: Pad = {
    tool: pen,
    show(next) {
      drawing = next;
      repaint();
    },
  };
  return pad;
}
