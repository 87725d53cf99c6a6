/** Periods that people ask for, counted from the day that the figures are of. */
import dayjs from "dayjs";

import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

export interface Period {
  from?: string;
  to?: string;
}

export const PRESETS = ["all", "days30", "days90", "months12", "thisYear", "lastYear"] as const;
export type Preset = (typeof PRESETS)[number];

/** Return the days of a preset, both included, where `asOf` is the last one known. */
export function periodOf(preset: Preset, asOf: string): Period {
  const last = dayjs(asOf);
  const day = (one: dayjs.Dayjs) => one.format("YYYY-MM-DD");
  switch (preset) {
    case "all":
      return {};
    case "days30":
      return { from: day(last.subtract(29, "day")), to: asOf };
    case "days90":
      return { from: day(last.subtract(89, "day")), to: asOf };
    case "months12":
      return { from: day(last.subtract(1, "year").add(1, "day")), to: asOf };
    case "thisYear":
      return { from: day(last.startOf("year")), to: asOf };
    case "lastYear": {
      const before = last.subtract(1, "year");
      return { from: day(before.startOf("year")), to: day(before.endOf("year")) };
    }
  }
}

/** Return the preset that a period is, or null for one of its own. */
export function presetOf(period: Period, asOf: string): Preset | null {
  const same = (preset: Preset) => {
    const one = periodOf(preset, asOf);
    return one.from === period.from && one.to === period.to;
  };
  return PRESETS.find(same) ?? null;
}

/** Return the first and the last day of the month that begins on `month`. */
export function monthPeriod(month: string): Required<Period> {
  return { from: month, to: dayjs(month).endOf("month").format("YYYY-MM-DD") };
}

/** Return what people call a period that is no preset: its days, or that it is all time. */
export function spanOf(period: { from?: string | null; to?: string | null }, formats: Formats): string {
  const { from, to } = period;
  if (from && to) return formats.span(from, to);
  if (from) return words.filters.since(formats.day(from));
  return to ? words.filters.until(formats.day(to)) : words.filters.presets.all;
}
