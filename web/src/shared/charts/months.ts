import type { Formats } from "@/shared/format/format";

import type { Look } from "./option";

const YEARS = 30; // from so many months on, only the years' first ones are named

/** Return an axis of months, given as their first days. */
export function monthsAxis(months: readonly string[], look: Look, formats: Formats) {
  return {
    type: "category" as const,
    data: [...months],
    axisLine: { lineStyle: { color: look.line } },
    axisTick: { show: false },
    axisLabel: {
      color: look.dim,
      margin: 12, // the first one stands clear of the other axis' lowest value
      hideOverlap: true,
      ...(months.length > YEARS ? { interval: (_: number, month: string) => month.slice(5, 7) === "01" } : {}),
      formatter: (month: string) => formats.month(month),
    },
  };
}

/** Return an axis of amounts or counts, as a metric's unit wants them. */
export function valuesAxis(unit: string | undefined, look: Look, formats: Formats) {
  return {
    type: "value" as const,
    splitLine: { lineStyle: { color: look.line } },
    axisLabel: { color: look.dim, formatter: (value: number) => formats.short(value, unit) },
  };
}
