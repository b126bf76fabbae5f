/** The element of the page that `selector` names; index.html has it. */
export const find = <E extends HTMLElement>(selector: string): E =>
  document.querySelector<E>(selector)!;
