/** Hand the browser a file to keep. */
export function download(name: string, content: string | Blob, type = "text/csv;charset=utf-8"): void {
  const address = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  follow(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Follow an address to a file that the browser keeps under a name. */
export function follow(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
