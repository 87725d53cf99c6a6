import type { Schemas } from "@/shared/api/client";
import { basis, type ChartOption, FADED, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

type Point = Schemas["RfmPointsRow"];
const said = words.overview;
const WIDE_SPREAD = 50; // from so many times the least a logarithmic axis shows more
const SMALLEST = 5;
const LARGEST = 26;

/** Return customers by days since their last purchase and their orders, sized by value and coloured by segment. */
export function scatterOption(
  points: readonly Point[],
  picked: readonly string[],
  look: Look,
  formats: Formats,
): ChartOption {
  const most = Math.max(1, ...points.map((one) => one.total_purchases ?? 0));
  const dearest = Math.max(1, ...points.map((one) => one.total_lifetime_value ?? 0));
  const axis = {
    splitLine: { lineStyle: { color: look.line } },
    axisLine: { show: false },
    axisLabel: { color: look.dim, hideOverlap: true },
    nameTextStyle: { color: look.dim },
    nameLocation: "middle",
  } as const;
  return {
    ...basis(look),
    grid: { left: 24, right: 16, top: 12, bottom: 24, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      formatter: (at) => {
        const point = Array.isArray(at) ? undefined : points[at.dataIndex];
        return point ? tipOf(point, picked, formats) : "";
      },
    },
    xAxis: { ...axis, type: "value", name: said.daysSince, nameGap: 26, min: 0 },
    yAxis: { ...axis, type: most > WIDE_SPREAD ? "log" : "value", name: said.orders, nameGap: 34, min: most > WIDE_SPREAD ? 1 : 0 },
    series: [
      {
        type: "scatter",
        id: "customers",
        data: points.map((one) => {
          const segment = one.rfm_segment ?? words.unknown;
          const faded = picked.length > 0 && !picked.includes(segment);
          return {
            value: [one.days_since_last_purchase ?? 0, one.total_purchases ?? 0],
            symbolSize: SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(Math.max(0, one.total_lifetime_value ?? 0) / dearest),
            itemStyle: { color: look.of(segment), opacity: faded ? FADED : 0.7 },
          };
        }),
      },
    ],
  };
}

function tipOf(point: Point, picked: readonly string[], formats: Formats): string {
  const segment = point.rfm_segment ?? words.unknown;
  return tip(
    segment,
    [
      [said.customer, point.customer_id],
      [said.daysSince, formats.exact(point.days_since_last_purchase)],
      [said.orders, formats.exact(point.total_purchases)],
      [said.lifetimeValue, formats.exact(point.total_lifetime_value, "money")],
    ],
    picked.includes(segment) ? words.filters.release(segment) : words.filters.only(segment),
  );
}
