/** Has `element` say `text`. One that says it already stays as it is: the page is not laid out again. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
