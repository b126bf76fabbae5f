/** @file Pictures of ink, chosen, dropped on the page or pasted. */
import { inkOf, LONG, type Picture } from '../ink/picture';
import { tidy } from '../ink/pieces';
import { Problem } from '../runtime/problem';
import { find } from './find';
import { demandPixels } from './hiddenPixels';
import type { Phrase } from './i18n';

const LARGEST_FILE = 50e6; // bytes
const LARGEST = 50e6; // pixels, as in inkgrad/picture.py: a telephone's photograph fits

const UNREADABLE = 'This is no picture that can be read: choose a PNG or a JPEG.';
const TOO_LARGE = 'This picture is too large: at most 50 MB and 50 million pixels.';
const BLANK = 'No ink stands out in this picture.';
const MOVING = 'This picture moves: choose another.';

export interface PictureEvents {
  onPicture(picture: Picture): void;
  /** Something was given that cannot be taken, and why. */
  onRefuse(reason: Phrase): void;
}

/** Listens for pictures: from the button and its file input, dropped anywhere, pasted. */
export function acceptPictures({ onPicture, onRefuse }: PictureEvents): void {
  const input = find<HTMLInputElement>('#file');
  let turn = 0;

  async function take(file: File | undefined): Promise<void> {
    const mine = ++turn;
    const result = file ? await read(file) : UNREADABLE;
    if (mine !== turn) return; // another came meanwhile
    if (typeof result === 'string') onRefuse(result);
    else onPicture(result);
  }

  find('#picture').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    void take(input.files?.[0]);
    input.value = ''; // so that the same file can be chosen again
  });
  const paper = find('.paper');
  // A file dropped beside its place would otherwise replace the page.
  addEventListener('dragover', (event) => {
    event.preventDefault();
    paper.classList.toggle('awaiting', event.dataTransfer?.types.includes('Files'));
  });
  // Between two elements as well: the next dragover follows at once.
  for (const end of ['dragleave', 'drop']) {
    addEventListener(end, () => paper.classList.remove('awaiting'));
  }
  addEventListener('drop', (event) => {
    event.preventDefault();
    void take(pictureIn(event.dataTransfer));
  });
  addEventListener('paste', (event) => {
    const file = pictureIn(event.clipboardData);
    if (file) void take(file);
  });
}

/** The first picture among the files; where none says that it is one, the first of all. */
function pictureIn(data: DataTransfer | null): File | undefined {
  const files = [...(data?.files ?? [])];
  return files.find(({ type }) => type.startsWith('image/')) ?? files[0];
}

/** The ink of a picture file, or why there is none. */
async function read(file: File): Promise<Picture | Phrase> {
  if (file.size > LARGEST_FILE) return TOO_LARGE;
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    const isLoaded = await new Promise<boolean>((resolve) => {
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
    });
    demandPixels();
    const { naturalWidth, naturalHeight } = image;
    // The size is known before anything is decoded.
    if (naturalWidth * naturalHeight > LARGEST) return TOO_LARGE;
    if (!isLoaded || naturalWidth * naturalHeight === 0) return UNREADABLE;
    if (await isMoving(file).catch(() => false)) return MOVING;
    const scale = Math.min(1, LONG / Math.max(naturalWidth, naturalHeight));
    const bitmap = await createImageBitmap(image, {
      resizeWidth: Math.max(Math.round(naturalWidth * scale), 1),
      resizeHeight: Math.max(Math.round(naturalHeight * scale), 1),
      resizeQuality: 'high',
    });
    const picture = tidy(inkOf(pixelsOf(bitmap))); // what is shown is what is read
    return picture.ink.some((coverage) => coverage > 0) ? picture : BLANK;
  } catch (error) {
    return error instanceof Problem ? (error.phrase as Phrase) : UNREADABLE;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** Whether the file has several frames; it rejects where a browser cannot tell: of an SVG, and in Safari. */
async function isMoving(file: File): Promise<boolean> {
  const decoder = new ImageDecoder({ data: file.stream(), type: file.type });
  await decoder.completed;
  const { frameCount } = decoder.tracks[0]!;
  decoder.close();
  return frameCount > 1;
}

/**
 * The bitmap's pixels over white.
 *
 * This is the one canvas that is read back to be looked at (sharing.ts reads others, to save them): a
 * browser gives a file's pixels in no other way. Where privacy settings change the lowest bits, a photograph
 * has more noise of its own, and a threshold stands it; where they change all, see hiddenPixels.ts.
 */
function pixelsOf(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
