/** @file A drawing as SVG: black ink on white paper, each stroke a path, the eraser as it was used. */
import type { Drawing, Stroke } from './drawing';

/** @param picture the address of the drawing's picture, if it has one: black where its ink is */
export function toSvg({ size, strokes, picture: original }: Drawing, picture?: string): string {
  const paper = `<rect width="${size}" height="${size}" fill="#fff"/>`;
  let ink = original ? `<image href="${picture}" width="${size}" height="${size}"/>` : '';
  strokes.forEach((stroke, i) => {
    if (!stroke.erase) {
      ink += path(stroke);
    } else {
      // An eraser takes away what lies below it, and nothing that is drawn later.
      const whole = `maskUnits="userSpaceOnUse" x="0" y="0" width="${size}" height="${size}"`;
      ink = `<mask id="erased${i}" ${whole}>${paper}${path(stroke)}</mask><g mask="url(#erased${i})">${ink}</g>`;
    }
  });
  const style = 'fill="none" stroke="#000" stroke-linecap="round" stroke-linejoin="round"';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}">${paper}<g ${style}>${ink}</g></svg>`;
}

/** A line to its own beginning makes a single point a dot. A path has one width, whatever the pressure. */
function path({ width, points }: Stroke): string {
  const [first, ...rest] = points.map(([x, y]) => `${x},${y}`);
  return `<path stroke-width="${width}" d="M${first}L${[first, ...rest].join(' ')}"/>`;
}
