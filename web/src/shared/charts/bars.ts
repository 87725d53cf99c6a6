import { basis, type ChartOption, FADED, type Look } from "./option";

const LONGEST_NAME = 120; // pixels

const WIDEST = 32;

export interface Bar {
  name: string;
  value: number | null;
  colour: string;
  faded: boolean;
}

/** Return bars from top to bottom, each with its name before and its value behind it. */
export function barsOption(bars: readonly Bar[], told: (value: number | null) => string, look: Look): ChartOption {
  return {
    ...basis(look),
    grid: { left: 0, right: 64, top: 0, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: bars.map((one) => one.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: look.text, width: LONGEST_NAME, overflow: "truncate" },
    },
    series: [
      {
        type: "bar",
        id: "bars",
        barCategoryGap: "38%",
        barMaxWidth: WIDEST,
        label: {
          show: true,
          position: "right",
          color: look.dim,
          formatter: ({ dataIndex }) => told(bars[dataIndex]?.value ?? null),
        },
        data: bars.map((one) => ({
          value: one.value ?? 0,
          itemStyle: { color: one.colour, borderRadius: 2, opacity: one.faded ? FADED : 1 },
        })),
      },
    ],
  };
}
