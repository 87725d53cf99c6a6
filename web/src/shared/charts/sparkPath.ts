/** Return an SVG path through values, from the lowest to the highest one; it is broken where a value is missing. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((one) => one !== null);
  if (known.length === 0) return "";
  const low = Math.min(...known);
  const spread = Math.max(...known) - low;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let pen = "M";
  const parts: string[] = [];
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    const y = spread === 0 ? height / 2 : height - 1 - ((value - low) / spread) * (height - 2);
    parts.push(`${pen}${(index * step).toFixed(2)} ${y.toFixed(2)}`);
    pen = "L";
  });
  return parts.join("");
}
