/** @file All models on the same ink, side by side, each with its time. */
import type { Drawing } from '../ink/drawing';
import { latest } from '../live';
import type { Recognizer } from '../recognizer';
import { confidenceOf, textOf } from './answer';
import { find } from './find';
import type { Locale } from './i18n';
import { warmUp } from './warm';

/**
 * Fills the table with a row for each of `models`. They are loaded when someone opens the details,
 * and freed when they are closed.
 * @param load rejects where there is no such model, which its row says; it calls back whenever the model
 * goes on with another backend
 * @returns a function that lets all of them read a drawing, while the details are open
 */
export function createCompare(
  { chance, percent, milliseconds, bytes, explain }: Locale,
  models: readonly string[],
  load: (model: string, onChange: () => void) => Promise<Recognizer>,
) {
  const details = find<HTMLDetailsElement>('#compare');
  const rows = models.map((model) => {
    const row = find('#compare tbody').appendChild(document.createElement('tr'));
    const name = row.appendChild(document.createElement('th'));
    name.scope = 'row';
    name.textContent = model;
    return Array.from({ length: 5 }, () => row.insertCell());
  });
  let loaded: Promise<Recognizer | Error>[] = [];
  let newest: Drawing | undefined;

  async function textsOf(recognizer: Recognizer, drawing: Drawing): Promise<string[]> {
    const { digits, ms } = await recognizer.read(drawing);
    const { mnist } = recognizer.card as { mnist?: { accuracy: number } };
    return [
      textOf(digits),
      digits.length > 0 ? chance(confidenceOf(digits)) : '',
      digits.length > 0 ? milliseconds(ms) : '',
      mnist ? percent(mnist.accuracy) : '',
      bytes(recognizer.bytes),
    ];
  }

  /** One after the other, or they would take each other's time. */
  const readAll = latest(async (drawing: Drawing) => {
    for (const [i, model] of loaded.entries()) {
      const recognizer = await model;
      const isRefused = recognizer instanceof Error;
      const texts = isRefused
        ? [explain(recognizer)]
        : await textsOf(recognizer, drawing).catch(() => []); // the details were closed meanwhile
      const [first, ...others] = rows[i]!;
      first!.colSpan = isRefused ? rows[i]!.length : 1;
      first!.classList.toggle('error', isRefused);
      for (const cell of others) cell.hidden = isRefused;
      rows[i]!.forEach((cell, k) => (cell.textContent = texts[k] || '–'));
    }
  });

  const readNewest = () => void (newest && readAll(newest));

  /** So that no row shows the time of a first reading. */
  async function loadWarm(model: string): Promise<Recognizer> {
    const recognizer = await load(model, readNewest);
    await warmUp(recognizer);
    return recognizer;
  }

  details.addEventListener('toggle', () => {
    for (const model of loaded) {
      void model.then((recognizer) => recognizer instanceof Error || recognizer.destroy());
    }
    loaded = details.open
      ? models.map((model) => loadWarm(model).catch((error: Error) => error))
      : [];
    readNewest();
  });
  return (drawing: Drawing): void => {
    newest = drawing;
    readNewest();
  };
}
