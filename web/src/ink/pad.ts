/** @file The drawing surface: pointer events to strokes, and strokes to a canvas that is never read. */
import { onNewColours } from './colour';
import { blank, type Drawing, eraser, extendStroke, pen, type Point, type Stroke } from './drawing';
import type { Picture } from './picture';
import { withoutScribble } from './scribble';
import { stencil } from './stencil';

// Bits of PointerEvent.buttons. The right mouse button and a stylus' barrel button are the same bit.
const DRAW = 1;
const ERASE = 2 | 32;

export interface PadEvents {
  /** A stroke is being drawn: what there is of it. */
  onDraw(stroke: Stroke): void;
  /** The stroke is finished; undefined if the system took the pointer away. */
  onEnd(stroke: Stroke | undefined): void;
  /**
   * A pointer is over the pad: with which tool, where, and where the browser expects it next (only
   * while it draws, and never certain); undefined once it has left.
   */
  onPoint?(tool?: Stroke, at?: Point, ahead?: readonly Point[]): void;
}

export interface Pad {
  /** What the main button draws with. */
  tool: Stroke;
  /** What the buttons that always erase draw with. */
  eraser: Stroke;
  readonly isDrawing: boolean;
  /** It is a pointer that draws. */
  readonly isHeld: boolean;
  /**
   * Keeps the ink as the canvas' size, the page's zoom and the system's colours have it, until the
   * function that it returns is called.
   */
  watch(): () => void;
  /** Shows `drawing` from now on, under the stroke being drawn. */
  show(drawing: Drawing): void;
  /** Draws as a pointer does, from here on through the points that {@link extend} is given. */
  begin(tool: Stroke): void;
  extend(points: readonly Point[]): void;
  /** Finishes the stroke, if there is one. */
  end(): void;
}

/**
 * Makes `canvas` a drawing surface for mouse, touch and stylus, in the CSS colour `color`. The eraser
 * end or barrel button of a stylus and the right mouse button erase, whatever the tool. One pointer
 * draws at a time: a second finger does nothing, nor does a resting palm, which a stylus takes over from.
 *
 * The canvas' CSS decides its size; it must be square and say `touch-action: none`, or a touch would
 * scroll the page instead of drawing.
 */
export function createPad(
  canvas: HTMLCanvasElement,
  { onDraw, onEnd, onPoint = () => {} }: PadEvents,
): Pad {
  const context = canvas.getContext('2d')!;
  let drawing = blank;
  let stroke: Stroke | undefined;
  let pointer: number | undefined;
  let isTouch = false; // that pointer is a finger, or a palm

  /** Draws `stroke` from its point number `start` on, as wide as the pen was pressed. */
  function paint({ points, width, erase }: Stroke, start: number): void {
    const widthAt = ([, , pressure = 0.5]: Point) => width * (0.5 + pressure);
    context.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
    context.lineWidth = widthAt(points[start]!);
    context.beginPath();
    if (start === 0) {
      // A canvas draws no segment without length: the dot that begins a stroke is a disc.
      const [x, y] = points[0]!;
      context.arc(x, y, context.lineWidth / 2, 0, 2 * Math.PI);
      context.fill();
      context.beginPath();
    }
    points.slice(Math.max(start - 1, 0)).forEach((point, i, path) => {
      if (i > 0 && widthAt(point) !== context.lineWidth) {
        context.stroke();
        context.lineWidth = widthAt(point);
        context.beginPath();
        context.lineTo(path[i - 1]![0], path[i - 1]![1]);
      }
      context.lineTo(point[0], point[1]);
    });
    context.stroke();
  }

  /** Where the ink is: inside of the border and the padding that a style sheet may give the canvas. */
  function content() {
    const { left, top, width } = canvas.getBoundingClientRect();
    const style = getComputedStyle(canvas);
    const edge = (side: 'Left' | 'Top' | 'Right') =>
      parseFloat(style[`border${side}Width`]) + parseFloat(style[`padding${side}`]);
    const x = edge('Left');
    return { left: left + x, top: top + edge('Top'), width: width - x - edge('Right') };
  }

  function paintPicture({ width, height, ink }: Picture): void {
    const sheet = stencil(width, height, ink, getComputedStyle(canvas).color);
    const scale = drawing.size / Math.max(width, height);
    const [left, top] = [width, height].map((length) => (drawing.size - length * scale) / 2);
    context.drawImage(sheet, left!, top!, width * scale, height * scale);
  }

  /** Fits the bitmap to the screen's own pixels, which also clears it, and draws everything. */
  function repaint(): void {
    const { width } = content();
    canvas.width = canvas.height = Math.round(width * devicePixelRatio);
    context.scale(canvas.width / drawing.size, canvas.width / drawing.size);
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
    if (drawing.picture) paintPicture(drawing.picture);
    for (const stroke of drawing.strokes) paint(stroke, 0);
    if (stroke?.points.length) paint(stroke, 0);
  }

  function end(finished: Stroke | undefined): void {
    stroke = pointer = undefined;
    onEnd(finished);
  }

  const pad: Pad = {
    tool: pen,
    eraser,
    get isDrawing() {
      return stroke !== undefined;
    },
    get isHeld() {
      return pointer !== undefined;
    },
    watch() {
      const sizes = new ResizeObserver(repaint);
      const ending = new AbortController();
      const { signal } = ending;
      sizes.observe(canvas);
      signal.addEventListener('abort', () => sizes.disconnect());
      addEventListener('resize', repaint, { signal });
      onNewColours(repaint, { signal });
      // A style sheet that gives the colour a transition tells so of each change.
      canvas.addEventListener('transitionend', repaint, { signal });
      return () => ending.abort();
    },
    show(next) {
      drawing = next;
      repaint();
    },
    begin(tool) {
      pad.end();
      stroke = tool;
    },
    extend(points) {
      if (!stroke) return;
      const start = stroke.points.length;
      stroke = extendStroke(stroke, points);
      if (stroke.points.length === start) return;
      paint(stroke, start);
      onDraw(stroke);
    },
    end() {
      if (stroke) end(stroke);
    },
  };

  /** Where events took place, and how hard a stylus was pressed there: others report no such thing. */
  function placesOf(events: readonly PointerEvent[]): Point[] {
    const { left, top, width } = content();
    const scale = drawing.size / width;
    return events.map(({ clientX, clientY, pointerType, pressure }): Point => {
      const [x, y] = [(clientX - left) * scale, (clientY - top) * scale];
      return pointerType === 'pen' && !stroke?.erase ? [x, y, pressure] : [x, y];
    });
  }

  /** Goes on to where the pointer has been since the last event, which may be several places. */
  function follow(event: PointerEvent): void {
    const draws = event.pointerId === pointer;
    if (draws) {
      // Safari before 18.2 has no coalesced events, and an event that is not a move has none of them.
      const coalesced = event.getCoalescedEvents?.() ?? [];
      pad.extend(placesOf(coalesced.length > 0 ? coalesced : [event]));
    } else if (pointer !== undefined) {
      return;
    }
    const ahead = (draws && !stroke?.erase && event.getPredictedEvents?.()) || [];
    onPoint(stroke ?? pad.tool, placesOf([event])[0], placesOf(ahead));
  }

  canvas.addEventListener('pointerdown', (event) => {
    const isTaken = pointer !== undefined && !(isTouch && event.pointerType === 'pen');
    if (isTaken || !(event.buttons & (DRAW | ERASE))) return;
    canvas.setPointerCapture(event.pointerId); // first: it throws where the pointer has gone already
    if (pointer !== undefined) end(undefined);
    pad.begin(event.buttons & ERASE ? pad.eraser : pad.tool);
    pointer = event.pointerId;
    isTouch = event.pointerType === 'touch';
    follow(event);
  });
  canvas.addEventListener('pointermove', follow);
  canvas.addEventListener('pointerup', (event) => {
    if (event.pointerId === pointer) onPoint(pad.tool, placesOf([event])[0]); // nothing is ahead any more
  });
  canvas.addEventListener('pointerleave', (event) => {
    if (pointer === undefined || event.pointerId === pointer) onPoint();
  });
  canvas.addEventListener('pointercancel', (event) => {
    if (event.pointerId === pointer) end(undefined);
  });
  // Capture ends with pointerup, and with whatever else might take the pointer away.
  canvas.addEventListener('lostpointercapture', (event) => {
    if (event.pointerId === pointer) end(stroke);
  });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());
  withoutScribble(canvas);
  return pad;
}
