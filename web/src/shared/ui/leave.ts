/** Move the focus from a button that is about to go, with other chips or alone, to what stands before it and stays. */
export function leave(button: HTMLElement): void {
  const all = document.querySelectorAll<HTMLElement>("main :is(button, a, input):not([data-chip], [data-chip] *)");
  const isBefore = (one: HTMLElement) => one.compareDocumentPosition(button) & Node.DOCUMENT_POSITION_FOLLOWING;
  [...all].findLast(isBefore)?.focus();
}
