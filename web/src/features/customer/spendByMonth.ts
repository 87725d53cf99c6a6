import dayjs from "dayjs";

import { basis, type ChartOption, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";

/** What a customer paid in a month, less what came back. */
export interface MonthOfSpend {
  month: string;
  amount: number;
}

interface Dated {
  date: string;
  fact: Record<string, unknown>;
}

/** Return the sums by month from the first month with a fact to the one of `asOf`, months without facts included. */
export function spendByMonth(items: readonly Dated[], asOf: string): MonthOfSpend[] {
  const cents = new Map<string, number>();
  for (const { date, fact } of items) {
    const month = `${date.slice(0, 7)}-01`;
    cents.set(month, (cents.get(month) ?? 0) + Math.round(Number(fact["total_amount"]) * 100));
  }
  const first = [...cents.keys()].sort()[0];
  const months: MonthOfSpend[] = [];
  if (first === undefined) return months;
  const end = dayjs(asOf).startOf("month");
  for (let at = dayjs(first); !at.isAfter(end); at = at.add(1, "month")) {
    const month = at.format("YYYY-MM-DD");
    months.push({ month, amount: (cents.get(month) ?? 0) / 100 });
  }
  return months;
}

/** Return bars of spend by month. */
export function spendOption(months: readonly MonthOfSpend[], title: string, look: Look, formats: Formats): ChartOption {
  return {
    ...basis(look),
    grid: { left: 4, right: 28, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      trigger: "axis",
      formatter: (at) => {
        const month = months[Array.isArray(at) ? (at[0]?.dataIndex ?? -1) : at.dataIndex];
        return month ? tip(formats.month(month.month, true), [[title, formats.exact(month.amount, "money")]]) : "";
      },
    },
    xAxis: {
      type: "category",
      data: months.map((one) => one.month),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: look.line } },
      axisLabel: { color: look.dim, hideOverlap: true, formatter: (month: string) => formats.month(month) },
    },
    yAxis: {
      type: "value",
      splitLine: { lineStyle: { color: look.line } },
      axisLabel: { color: look.dim, formatter: (value: number) => formats.short(value, "money") },
    },
    series: [
      {
        type: "bar",
        id: "spend",
        barMaxWidth: 18,
        itemStyle: { color: look.accent, borderRadius: 2 },
        data: months.map((one) => one.amount),
      },
    ],
  };
}
