import { monthsAxis, valuesAxis } from "@/shared/charts/months";
import { basis, type ChartOption, type Look } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";

/** Return a leading figure's line by month, with axes, as a picture shows it. */
export function kpiOption(
  line: readonly { month: string; value: number | null }[],
  unit: string | undefined,
  look: Look,
  formats: Formats,
): ChartOption {
  return {
    ...basis(look),
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
