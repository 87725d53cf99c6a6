import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

import { DIMENSIONS, type Dimension } from "./filters";
import { spanOf } from "./period";

/** Return what people call a value of a filter. */
export function valueName(dimension: Dimension, value: string): string {
  return dimension === "churn_risk_score" ? (words.risk[value] ?? value) : value;
}

/** Return in words what narrows a figure, from the filters that came with it. */
export function inForce(filters: Readonly<Record<string, unknown>>, formats: Formats): string {
  const lines = DIMENSIONS.flatMap((one) => {
    const values = filters[one];
    if (!Array.isArray(values)) return [];
    return [`${words.filters.columns[one]}: ${values.map((value) => valueName(one, String(value))).join(", ")}`];
  });
  const { from = null, to = null } = filters as { from?: string; to?: string };
  if (from || to) lines.push(`${words.filters.period}: ${spanOf({ from, to }, formats)}`);
  return lines.join("; ") || words.filters.none;
}
