import { basis, type ChartOption, type Look } from "@/shared/charts/option";

const HIGHEST = 5;

/** Return a plain arc from 0 to 5 with the mean on it. */
export function gaugeOption(mean: number | null, shown: string, caption: string, look: Look): ChartOption {
  return {
    ...basis(look),
    tooltip: { show: false },
    series: [
      {
        type: "gauge",
        id: "mean",
        min: 0,
        max: HIGHEST,
        startAngle: 200,
        endAngle: -20,
        center: ["50%", "62%"],
        radius: "96%",
        splitNumber: HIGHEST,
        progress: { show: true, width: 12, itemStyle: { color: look.accent } },
        axisLine: { lineStyle: { width: 12, color: [[1, look.line]] } },
        axisTick: { show: false },
        splitLine: { show: false },
        axisLabel: { color: look.dim, distance: -2, fontSize: 11 },
        pointer: { show: false },
        title: { show: true, offsetCenter: [0, "30%"], color: look.dim, fontSize: 12 },
        detail: { offsetCenter: [0, 0], fontSize: 26, fontWeight: 600, color: look.text, formatter: () => shown },
        data: [{ value: mean ?? 0, name: caption }],
      },
    ],
  };
}
