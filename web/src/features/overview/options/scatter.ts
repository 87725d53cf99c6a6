import type { Schemas } from "@/shared/api/client";
import { basis, type ChartOption, FADED, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

export type Point = Schemas["RfmPointsRow"];
const said = words.overview;
const WIDE_SPREAD = 50; // from so many times the least a logarithmic axis shows more
const SMALLEST = 5;
const LARGEST = 26;

/** A rectangle of the chart, in days since the last purchase and in orders, its edges included. */
export interface Area {
  days: readonly [number, number];
  orders: readonly [number, number];
}

/** Return customers by days since their last purchase and their orders, sized by value and coloured by segment. */
export function scatterOption(
  points: readonly Point[],
  picked: readonly string[],
  asOf: string,
  look: Look,
  formats: Formats,
): ChartOption {
  const most = Math.max(1, ...points.map((one) => one.total_purchases ?? 0));
  const dearest = Math.max(1, ...points.map((one) => one.total_lifetime_value ?? 0));
  const isWide = most > WIDE_SPREAD;
  const axis = {
    splitLine: { lineStyle: { color: look.line } },
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: look.dim, hideOverlap: true },
    nameTextStyle: { color: look.dim },
    nameLocation: "middle",
  } as const;
  return {
    ...basis(look),
    grid: { left: 24, right: 16, top: 16, bottom: 32, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      formatter: (at) => {
        const point = Array.isArray(at) ? undefined : points[at.dataIndex];
        return point ? tipOf(point, picked, asOf, formats) : "";
      },
    },
    brush: {
      brushStyle: { color: `${look.accent}22`, borderColor: look.accent, borderWidth: 1 },
      outOfBrush: { colorAlpha: 0.15 },
      toolbox: [],
      xAxisIndex: 0,
      transformable: false,
    },
    xAxis: {
      ...axis,
      type: "value",
      name: said.daysSince,
      nameGap: 34,
      axisLabel: { ...axis.axisLabel, margin: 16 }, // below the largest point that stands on the axis
      min: 0,
    },
    yAxis: {
      ...axis,
      type: isWide ? "log" : "value",
      name: said.orders,
      nameGap: 38,
      axisLabel: { ...axis.axisLabel, margin: 14 },
      min: isWide ? 1 : 0,
      ...(isWide ? { max: roundedUp(most) } : {}),
    },
    series: [
      {
        type: "scatter",
        id: "customers",
        data: points.map((one) => {
          const segment = segmentOf(one);
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

/** Return the whole days and orders that a rectangle of the chart holds, whose corners are anywhere between. */
export function areaOf(days: readonly [number, number], orders: readonly [number, number]): Area {
  const whole = ([low, high]: readonly [number, number]) =>
    [Math.max(0, Math.ceil(Math.min(low, high))), Math.floor(Math.max(low, high))] as const;
  return { days: whole(days), orders: whole(orders) };
}

/** Return the segments of the customers who are drawn in an area, each once. */
export function segmentsIn(points: readonly Point[], { days, orders }: Area): string[] {
  const isIn = (value: number | null, [low, high]: readonly [number, number]) =>
    value !== null && low <= value && value <= high;
  const inside = points.filter(
    (one) => isIn(one.days_since_last_purchase, days) && isIn(one.total_purchases, orders),
  );
  return [...new Set(inside.map(segmentOf))];
}

function segmentOf(point: Point): string {
  return point.rfm_segment ?? words.unknown;
}

/** Return 1, 2 or 5 times a power of ten that is no less than a number. */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((times) => times * power).find((one) => one >= value) ?? value;
}

function tipOf(point: Point, picked: readonly string[], asOf: string, formats: Formats): string {
  const segment = segmentOf(point);
  return tip(
    segment,
    [
      [said.customer, point.customer_id],
      [said.daysSince, formats.exact(point.days_since_last_purchase)],
      [said.orders, formats.exact(point.total_purchases)],
      [said.lifetimeValue, formats.exact(point.total_lifetime_value, "money")],
      [words.asOfTitle, asOf],
    ],
    picked.includes(segment) ? words.filters.release(segment) : words.filters.only(segment),
  );
}
