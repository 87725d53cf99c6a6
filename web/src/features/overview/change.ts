/** How a figure changed against a year before. */
export interface Change {
  direction: "up" | "down" | "same";
  /** In parts of the earlier value; for a rate, the difference itself. */
  by: number;
}

/** Return how a value changed, or null where there is nothing to compare it with. */
export function changeOf(
  value: number | null | undefined,
  before: number | null | undefined,
  unit: string,
): Change | null {
  if (value === null || value === undefined || before === null || before === undefined) return null;
  if (unit !== "rate" && before === 0) return null;
  const by = unit === "rate" ? value - before : (value - before) / Math.abs(before);
  const direction = Math.abs(by) < 0.0005 ? "same" : by > 0 ? "up" : "down";
  return { direction, by: Math.abs(by) };
}
