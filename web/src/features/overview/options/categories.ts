import type { Schemas } from "@/shared/api/client";
import { barsOption } from "@/shared/charts/bars";
import { basis, type ChartOption, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

type Category = Schemas["CategoryPerformanceRow"];
const said = words.overview;

/** Return bars of revenue by category in a span of days, the longest first, those not chosen faded. */
export function categoriesOption(
  rows: readonly Category[],
  picked: readonly string[],
  span: string,
  look: Look,
  formats: Formats,
): ChartOption {
  const nameOf = (row: Category) => row.category ?? words.unknown;
  const bars = rows.map((row) => ({
    name: nameOf(row),
    value: row.revenue,
    colour: look.accent,
    faded: picked.length > 0 && !picked.includes(nameOf(row)),
  }));
  return {
    ...barsOption(bars, (value) => formats.short(value, "money"), look),
    tooltip: {
      ...basis(look).tooltip,
      formatter: (at) => {
        const row = Array.isArray(at) ? undefined : rows[at.dataIndex];
        if (!row) return "";
        const name = nameOf(row);
        return tip(
          name,
          [
            [said.revenue, formats.exact(row.revenue, "money")],
            [said.share, formats.share(row.share)],
            [said.orders, formats.exact(row.orders)],
            [said.units, formats.exact(row.units)],
            [words.filters.period, span],
          ],
          picked.includes(name) ? words.filters.release(name) : words.filters.onlyFavourite(name),
        );
      },
    },
  };
}
