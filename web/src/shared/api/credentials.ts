/** The API key that this tab uses; it is forgotten when the tab is closed. */
const NAME = "patron.key";

export function keyInUse(): string | null {
  return sessionStorage.getItem(NAME);
}

export function keepKey(key: string): void {
  sessionStorage.setItem(NAME, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
}
