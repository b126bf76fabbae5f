/** @file The tip of the tool on the pad: its place and size, and the ink that the browser expects. */
import type { Point, Stroke } from '../ink/drawing';

/**
 * The tip in `svg`, whose units are a drawing's: functions that show it at a place, or hide it, and that
 * lift it where it is, of a tool that may be another. The ink ahead of the pen is only shown, never kept:
 * it hides the delay of the screen.
 */
export function createTip(svg: Element) {
  const circle = svg.querySelector('circle')!;
  const line = svg.querySelector('polyline')!;

  let place: Point | undefined;

  function show(tool?: Stroke, at?: Point, ahead: readonly Point[] = [], isDown = false): void {
    place = at;
    const [x, y] = at ?? [-999, -999];
    const places = ahead.length > 0 ? [[x, y], ...ahead] : [];
    const shape = { cx: x, cy: y, r: (tool?.width ?? 0) / 2 };
    for (const [name, value] of Object.entries(shape)) circle.setAttribute(name, String(value));
    line.setAttribute('points', places.map(([x, y]) => `${x},${y}`).join(' '));
    line.setAttribute('stroke-width', String(tool?.width ?? 0));
    svg.classList.toggle('down', isDown);
  }

  return { show, lift: (tool: Stroke) => show(tool, place) };
}
