/** What option builders share: the type they return, how charts look, and tooltips. */
import type {
  BarSeriesOption,
  GaugeSeriesOption,
  HeatmapSeriesOption,
  LineSeriesOption,
  PieSeriesOption,
  ScatterSeriesOption,
  TreeSeriesOption,
} from "echarts/charts";
import type {
  BrushComponentOption,
  GridComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from "echarts/components";
import type { ComposeOption } from "echarts/core";

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | BrushComponentOption
  | GaugeSeriesOption
  | GridComponentOption
  | HeatmapSeriesOption
  | LineSeriesOption
  | PieSeriesOption
  | ScatterSeriesOption
  | TooltipComponentOption
  | TreeSeriesOption
  | VisualMapComponentOption
>;

/** The colours of one scheme, and whether things may move. */
export interface Look {
  text: string;
  dim: string;
  line: string;
  surface: string;
  accent: string;
  /** From little to much, for what is ordered. */
  ordered: readonly [string, string, string, string, string];
  /** The colour of a value that has a name; always the same one. */
  of(value: string): string;
  moving: boolean;
}

/** Opacity of what is not chosen while something else is. */
export const FADED = 0.25;

/** Return what every chart begins with. */
export function basis(look: Look) {
  return {
    animation: look.moving,
    animationDuration: 180,
    animationDurationUpdate: 180,
    textStyle: { fontFamily: "'Inter Variable', system-ui, sans-serif", color: look.text, fontSize: 12 },
    tooltip: {
      confine: true,
      backgroundColor: look.surface,
      borderColor: look.line,
      borderWidth: 1,
      padding: [8, 12],
      extraCssText: "box-shadow:none",
      textStyle: { color: look.text, fontSize: 12 },
    },
  } satisfies ChartOption;
}

/** Return a tooltip's HTML: a title, lines of name and value, and what a click will do. */
export function tip(title: string, lines: readonly (readonly [string, string])[], hint?: string): string {
  const rows = lines.map(([name, value]) => `${escaped(name)}: <b>${escaped(value)}</b>`);
  return [`<b>${escaped(title)}</b>`, ...rows, ...(hint ? [`<i>${escaped(hint)}</i>`] : [])].join("<br>");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
