import type { Schemas } from "@/shared/api/client";
import { monthsAxis, valuesAxis } from "@/shared/charts/months";
import { basis, type ChartOption, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

type Month = Schemas["MonthlyRevenueRow"];
const said = words.overview;

/** Return a line of revenue by month, dashed where the month is not whole, with the months of a period marked. */
export function monthlyOption(
  rows: readonly Month[],
  period: { from?: string | null; to?: string | null },
  look: Look,
  formats: Formats,
): ChartOption {
  const isWhole = (row: Month | undefined) => row !== undefined && !row.partial && !row.is_cut;
  const solid = rows.map((row) => (isWhole(row) ? row.revenue : null));
  const dashed = rows.map((row, at) =>
    !isWhole(row) || (!isWhole(rows[at + 1]) && at + 1 < rows.length) || (at > 0 && !isWhole(rows[at - 1]))
      ? row.revenue
      : null,
  );
  const line = { type: "line", symbolSize: 6, lineStyle: { width: 2 }, itemStyle: { color: look.accent } } as const;
  return {
    ...basis(look),
    grid: { left: 4, right: 28, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      trigger: "axis",
      formatter: (at) => {
        const row = rows[Array.isArray(at) ? (at[0]?.dataIndex ?? -1) : at.dataIndex];
        return row ? tipOf(row, formats) : "";
      },
    },
    xAxis: { ...monthsAxis(rows.map((row) => row.month), look, formats), boundaryGap: false, triggerEvent: true },
    yAxis: valuesAxis("money", look, formats),
    series: [
      {
        ...line,
        id: "whole",
        data: solid,
        showSymbol: rows.length <= 36,
        markArea: markedMonths(rows, period, look),
      },
      { ...line, id: "partial", data: dashed, showSymbol: false, lineStyle: { width: 2, type: [4, 4] } },
    ],
  };
}

function tipOf(row: Month, formats: Formats): string {
  const note = row.partial ? ` (${said.partial})` : row.is_cut ? ` (${said.cut})` : "";
  const month = formats.month(row.month, true);
  return tip(
    month + note,
    [
      [said.revenue, formats.exact(row.revenue, "money")],
      [said.orders, formats.exact(row.orders)],
      [said.buyers, formats.exact(row.buyers)],
    ],
    words.filters.onlyMonth(month),
  );
}

function markedMonths(rows: readonly Month[], period: { from?: string | null; to?: string | null }, look: Look) {
  if (!period.from && !period.to) return { data: [] };
  const within = rows.filter(
    ({ month }) =>
      (!period.from || month.slice(0, 7) >= period.from.slice(0, 7)) && (!period.to || month <= period.to),
  );
  const first = within[0]?.month;
  const last = within.at(-1)?.month;
  if (first === undefined || last === undefined) return { data: [] };
  return {
    silent: true,
    itemStyle: { color: look.accent, opacity: 0.1, borderColor: look.accent, borderWidth: first === last ? 6 : 0 },
    data: [[{ xAxis: first }, { xAxis: last }] as [{ xAxis: string }, { xAxis: string }]],
  };
}
