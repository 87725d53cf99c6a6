import { monthsAxis, valuesAxis } from "@/shared/charts/months";
import { basis, type ChartOption, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

/** Return a leading figure's line by month, with axes, as a picture and the full screen show it. */
export function kpiOption(
  line: readonly { month: string; value: number | null }[],
  unit: string | undefined,
  look: Look,
  formats: Formats,
): ChartOption {
  return {
    ...basis(look),
    tooltip: {
      ...basis(look).tooltip,
      trigger: "axis",
      formatter: (at) => {
        const one = line[Array.isArray(at) ? (at[0]?.dataIndex ?? -1) : at.dataIndex];
        return one ? tip(formats.month(one.month, true), [[words.overview.value, formats.exact(one.value, unit)]]) : "";
      },
    },
    grid: { left: 4, right: 28, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: { ...monthsAxis(line.map((one) => one.month), look, formats), boundaryGap: false },
    yAxis: { ...valuesAxis(unit, look, formats), scale: true },
    series: [
      {
        type: "line",
        id: "value",
        lineStyle: { width: 2 },
        itemStyle: { color: look.accent },
        data: line.map((one) => one.value),
      },
    ],
  };
}
