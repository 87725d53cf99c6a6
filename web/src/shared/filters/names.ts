import { words } from "@/shared/words";

import type { Dimension } from "./filters";

/** Return what people call a value of a filter. */
export function valueName(dimension: Dimension, value: string): string {
  return dimension === "churn_risk_score" ? (words.risk[value] ?? value) : value;
}
