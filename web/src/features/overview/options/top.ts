import { barsOption } from "@/shared/charts/bars";
import type { ChartOption, Look } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";

/** Return bars of what the best customers paid, in the colours of their segments, as a picture shows them. */
export function topOption(
  rows: readonly { name: string; value: number | null; segment: string | null }[],
  look: Look,
  formats: Formats,
): ChartOption {
  return barsOption(
    rows.map((row) => ({ name: row.name, value: row.value, colour: look.of(row.segment ?? ""), faded: false })),
    (value) => formats.short(value, "money"),
    look,
  );
}
