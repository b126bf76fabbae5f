/** @file Ten bars for each digit that was read: how likely each of 0 … 9 is. */
import type { Digit } from '../recognizer';
import { textOf } from './answer';
import { glide } from './glide';
import { write } from './write';

/**
 * Fills `element` with ten meters, named 0 … 9, and more of them for a number.
 * @returns a function that shows the digits read, or none
 */
export function createBars(element: HTMLElement, chance: (p: number) => string) {
  const groups = [createTen(chance)];
  element.append(groups[0]!.element);

  return (digits: readonly Digit[]): void => {
    // Those that stay keep their place: one that is put back would not move to its new height.
    while (groups.length < digits.length) {
      groups.push(createTen(chance));
      element.append(groups.at(-1)!.element);
    }
    while (groups.length > Math.max(digits.length, 1)) groups.pop()!.element.remove();
    element.classList.toggle('several', groups.length > 1);
    groups.forEach(({ show }, i) => show(digits[i]));
  };
}

function createTen(chance: (p: number) => string) {
  const element = document.createElement('div');
  element.className = 'bars';
  element.role = 'group';
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const bar = document.createElement('div');
    bar.className = 'bar';
    bar.role = 'meter';
    bar.ariaLabel = String(digit);
    bar.ariaValueMin = '0';
    bar.ariaValueMax = '1';
    const label = document.createElement('span');
    label.textContent = String(digit);
    const track = document.createElement('div');
    track.className = 'track';
    const words = document.createElement('small');
    bar.append(track, label, words);
    element.append(bar);
    const move = glide((hundredths) => track.style.setProperty('--p', `${hundredths / 100}`));
    return { bar, words, move };
  });

  function show(read: Digit | undefined): void {
    element.classList.toggle('unsure', read?.sure === false);
    element.ariaLabel = read ? textOf([read]) : null;
    bars.forEach(({ bar, words, move }, digit) => {
      const p = read?.probabilities[digit] ?? 0;
      const text = read ? chance(p) : '';
      bar.ariaValueNow = p.toFixed(4);
      bar.ariaValueText = text || null;
      write(words, text);
      move(p);
      bar.classList.toggle('best', digit === read?.digit);
    });
  }
  return { element, show };
}
