/** @file A drawing leaves the page, as a link, a PNG or an SVG, and comes back by its link. */
import { type Drawing, usual } from '../ink/drawing';
import { decode, encode } from '../ink/link';
import type { Picture } from '../ink/picture';
import { toSvg } from '../ink/svg';
import { find } from './find';
import { demandPixels } from './hiddenPixels';
import type { Locale } from './i18n';

const FRAGMENT = '#ink=';
/** Pixels a side of a PNG. */
const SIDE = 1120;

/** Milliseconds that a notice stays: two short sentences are read in half of that. */
const NOTICE = 6000;

export interface SharingEvents {
  /** The drawing to share. */
  current(): Drawing;
  /** Someone came by a drawing's link. */
  onDrawing(drawing: Drawing): void;
}

/**
 * Gives the buttons of the sharing menu their work, and opens the drawing of the page's own address.
 * `keep` puts the drawing into the address, and tells whether it could: where not, such as a picture, which
 * does not fit, it says so. `follow` takes it out again once another is drawn, which the page, loaded anew,
 * would lose to it.
 */
export function createSharing(
  { say, explain }: Locale,
  { current, onDrawing }: SharingEvents,
): { keep(): Promise<boolean>; follow(drawing: Drawing): void } {
  let timer = 0;
  /** What is in the address. */
  let kept: Drawing | undefined;

  function notify(text: string): void {
    find('#notice').textContent = text;
    clearTimeout(timer);
    timer = window.setTimeout(() => (find('#notice').textContent = ''), NOTICE);
  }

  async function open(): Promise<void> {
    if (!location.hash.startsWith(FRAGMENT)) return;
    const drawing = await decode(location.hash.slice(FRAGMENT.length));
    if (drawing) onDrawing((kept = usual(drawing)));
    else notify(say('The link holds no drawing: it may be cut off.'));
  }

  const fail = (error: unknown) =>
    notify(say('This drawing cannot be saved. ({})', explain(error)));

  async function keep(): Promise<boolean> {
    const drawing = current();
    if (drawing.picture) {
      notify(say('A picture does not fit into a link: save it instead.'));
      return false;
    }
    try {
      history.replaceState(null, '', FRAGMENT + (await encode(drawing)));
      kept = drawing;
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  async function copyLink(): Promise<void> {
    const keeping = keep();
    const link = keeping.then((isKept) =>
      isKept ? new Blob([location.href], { type: 'text/plain' }) : Promise.reject(),
    );
    link.catch(() => {}); // keep() has said why
    try {
      // Promised, because Safari takes only what it is given at the click.
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': link })]);
      notify(say('Link copied'));
    } catch {
      // The browser refuses, or gives no clipboard over plain http.
      if (await keeping) notify(say('The link is in the address bar: copy it there.'));
    }
  }

  const actions = {
    link: copyLink,
    png: async () => save('inkgrad.png', await toPng(svgOf(current()))),
    svg: async () => save('inkgrad.svg', svgOf(current())),
  };
  for (const [name, action] of Object.entries(actions)) {
    find(`#sharing [value=${name}]`).addEventListener('click', () => {
      find('#sharing').hidePopover();
      notify(''); // what was said of another
      action().catch(fail);
    });
  }
  addEventListener('hashchange', () => void open());
  void open();
  return {
    keep,
    follow(drawing) {
      if (!kept || drawing === kept) return;
      kept = undefined;
      history.replaceState(null, '', location.pathname + location.search);
    },
  };
}

function svgOf(drawing: Drawing): Blob {
  const { picture } = drawing;
  return new Blob([toSvg(drawing, picture && pngOf(picture))], { type: 'image/svg+xml' });
}

/** The picture's ink in black on nothing, as a data: address, which a file can hold. */
function pngOf({ width, height, ink }: Picture): string {
  const pixels = new ImageData(width, height);
  ink.forEach((coverage, i) => (pixels.data[4 * i + 3] = coverage));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}

async function toPng(svg: Blob): Promise<Blob> {
  demandPixels();
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  try {
    await image.decode();
    const canvas = new OffscreenCanvas(SIDE, SIDE);
    canvas.getContext('2d')!.drawImage(image, 0, 0, SIDE, SIDE);
    return await canvas.convertToBlob();
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

function save(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.download = name;
  link.href = URL.createObjectURL(blob);
  link.click();
  // Not at once: the browser may not have begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
