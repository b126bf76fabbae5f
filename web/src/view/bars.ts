/** @file Ten bars, one a digit: how likely each is. */

/**
 * Fills `element` with ten meters, named 0 … 9.
 * @returns a function that shows ten probabilities, or none
 */
export function createBars(element: HTMLElement, chance: (p: number) => string) {
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const bar = document.createElement('div');
    bar.className = 'bar';
    bar.role = 'meter';
    bar.ariaLabel = String(digit);
    bar.ariaValueMin = '0';
    bar.ariaValueMax = '1';
    bar.append(String(digit), document.createElement('small'));
    return bar;
  });
  element.append(...bars);

  return (probabilities?: readonly number[]): void => {
    const best = probabilities ? Math.max(...probabilities) : undefined;
    bars.forEach((bar, digit) => {
      const p = probabilities?.[digit] ?? 0;
      bar.ariaValueNow = p.toFixed(4);
      bar.ariaValueText = chance(p);
      bar.querySelector('small')!.textContent = probabilities ? chance(p) : '';
      bar.style.setProperty('--p', String(p));
      bar.classList.toggle('best', p === best);
    });
  };
}
