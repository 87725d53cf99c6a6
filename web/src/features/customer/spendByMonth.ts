import type { Schemas } from "@/shared/api/client";
import { monthsAxis, valuesAxis } from "@/shared/charts/months";
import { basis, type ChartOption, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";

type Month = Schemas["MonthOfSpend"];

/** Return bars of spend by month. */
export function spendOption(months: readonly Month[], title: string, look: Look, formats: Formats): ChartOption {
  return {
    ...basis(look),
    grid: { left: 4, right: 28, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      trigger: "axis",
      formatter: (at) => {
        const month = months[Array.isArray(at) ? (at[0]?.dataIndex ?? -1) : at.dataIndex];
        return month ? tip(formats.month(month.month, true), [[title, formats.exact(month.revenue, "money")]]) : "";
      },
    },
    xAxis: monthsAxis(months.map((one) => one.month), look, formats),
    yAxis: valuesAxis("money", look, formats),
    series: [
      {
        type: "bar",
        id: "spend",
        barMaxWidth: 18,
        itemStyle: { color: look.accent, borderRadius: 2 },
        data: months.map((one) => one.revenue),
      },
    ],
  };
}
