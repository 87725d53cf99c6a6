/** The list of customers that was looked at last, so that one finds back to it. */
let last = "/customers";

export function keepList(search: string): void {
  last = search === "" ? "/customers" : `/customers?${search}`;
}

export function listAddress(): string {
  return last;
}
