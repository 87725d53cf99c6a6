import type { Schemas } from "@/shared/api/client";
import { basis, type ChartOption, FADED, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

type Category = Schemas["CategoryPerformanceRow"];
const said = words.overview;
const LONGEST_NAME = 120; // pixels

/** Return bars of revenue by category, the longest first, those not chosen faded. */
export function categoriesOption(
  rows: readonly Category[],
  picked: readonly string[],
  look: Look,
  formats: Formats,
): ChartOption {
  return {
    ...basis(look),
    grid: { left: 0, right: 64, top: 0, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      formatter: (at) => {
        const row = Array.isArray(at) ? undefined : rows[at.dataIndex];
        if (!row) return "";
        const name = row.category ?? words.unknown;
        return tip(
          name,
          [
            [said.revenue, formats.exact(row.revenue, "money")],
            [said.share, formats.share(row.share)],
            [said.orders, formats.exact(row.orders)],
            [said.units, formats.exact(row.units)],
          ],
          picked.includes(name) ? words.filters.release(name) : words.filters.onlyFavourite(name),
        );
      },
    },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map((row) => row.category ?? words.unknown),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: look.text, width: LONGEST_NAME, overflow: "truncate" },
    },
    series: [
      {
        type: "bar",
        id: "revenue",
        barWidth: "62%",
        itemStyle: { color: look.accent, borderRadius: 2 },
        label: {
          show: true,
          position: "right",
          color: look.dim,
          formatter: ({ dataIndex }) => formats.short(rows[dataIndex]?.revenue, "money"),
        },
        data: rows.map((row) => ({
          value: row.revenue ?? 0,
          itemStyle: { opacity: isFaded(row.category, picked) ? FADED : 1 },
        })),
      },
    ],
  };
}

function isFaded(category: string | null, picked: readonly string[]): boolean {
  return picked.length > 0 && !picked.includes(category ?? words.unknown);
}
