import { describe, expect, it } from "vitest";

import { inkOn } from "@/shared/charts/ink";
import { lookOf } from "@/shared/charts/look";
import { formats } from "@/shared/format/format";

import { changeOf } from "../change";
import { categoriesOption } from "./categories";
import { cellsOption, pairsOf } from "./cells";
import { donutOption, type Slice } from "./donut";
import { gaugeOption } from "./gauge";
import { kpiOption } from "./kpi";
import { monthlyOption } from "./monthly";
import { areaOf, scatterOption, segmentsIn } from "./scatter";
import { topOption } from "./top";

const look = lookOf("light", true);
const english = formats("en-US", "USD");

/** The first series of an option, as plain data. */
function series(option: object, at = 0): Record<string, unknown> & { data: Record<string, unknown>[] } {
  const found = (option as { series: (Record<string, unknown> & { data: Record<string, unknown>[] })[] }).series[at];
  if (!found) throw new Error(`The option has no series ${at}.`);
  return found;
}

/** What an option's tooltip says of a datum. */
function told(option: object, dataIndex: number): string {
  return (option as { tooltip: { formatter: (at: { dataIndex: number }) => string } }).tooltip.formatter({ dataIndex });
}

const month = (name: string, revenue: number, more: object = {}) => ({
  month: name,
  revenue,
  orders: 1,
  buyers: 1,
  partial: false,
  is_cut: false,
  ...more,
});

describe("monthlyOption", () => {
  const rows = [month("2025-01-01", 1), month("2025-02-01", 2), month("2025-03-01", 3, { partial: true })];

  it("dashes the month that is not over and joins it to the line", () => {
    const option = monthlyOption(rows, {}, look, english);
    expect(series(option, 0).data).toEqual([1, 2, null]);
    expect(series(option, 1).data).toEqual([null, 2, 3]);
    expect(told(option, 2)).toContain("March 2025 (not over yet)");
  });

  it("names the first months of years where there are many", () => {
    const named = (count: number) => {
      const many = Array.from({ length: count }, (_, at) => month(`2025-${String((at % 12) + 1).padStart(2, "0")}-01`, 1));
      return (monthlyOption(many, {}, look, english).xAxis as { axisLabel: object }).axisLabel;
    };
    expect(named(24)).not.toHaveProperty("interval");
    const { interval } = named(36) as { interval: (at: number, month: string) => boolean };
    expect([interval(0, "2025-01-01"), interval(1, "2025-02-01")]).toEqual([true, false]);
  });

  it("marks the months of a period", () => {
    const marked = series(monthlyOption(rows, { from: "2025-02-10", to: "2025-03-31" }, look, english));
    expect(marked["markArea"]).toMatchObject({ data: [[{ xAxis: "2025-02-01" }, { xAxis: "2025-03-01" }]] });
    expect(series(monthlyOption(rows, { from: "2030-01-01" }, look, english))["markArea"]).toEqual({ data: [] });
  });
});

describe("categoriesOption", () => {
  const rows = [
    { category: "Toys", revenue: 30, orders: 2, units: 3, share: 0.75 },
    { category: "<b>Odd</b>", revenue: 10, orders: 1, units: 1, share: 0.25 },
  ];

  it("fades what is not chosen, and nothing while nothing is", () => {
    const opacities = (picked: string[]) =>
      series(categoriesOption(rows, picked, "All time", look, english)).data.map(
        (one) => (one["itemStyle"] as { opacity: number }).opacity,
      );
    expect(opacities([])).toEqual([1, 1]);
    expect(opacities(["Toys"])).toEqual([1, 0.25]);
  });

  it("takes names for text, whatever is in them", () => {
    expect(told(categoriesOption(rows, [], "All time", look, english), 1)).toContain("&lt;b&gt;Odd&lt;/b&gt;");
  });

  it("tells value, share and period", () => {
    for (const said of ["$30.00", "75.0%", "All time"]) {
      expect(told(categoriesOption(rows, [], "All time", look, english), 0)).toContain(said);
    }
  });

  it("says what a click will do", () => {
    expect(told(categoriesOption(rows, [], "All time", look, english), 0)).toContain("favourite category is Toys");
    expect(told(categoriesOption(rows, ["Toys"], "All time", look, english), 0)).toContain("no longer only Toys");
  });
});

describe("donutOption", () => {
  const slice = (value: string, customers: number, faded: boolean): Slice => ({
    value,
    name: value,
    customers,
    colour: "#123456",
    faded,
    lines: [["Customers", String(customers)]],
    hint: "Click",
  });

  it("keeps every slice and fades those not chosen", () => {
    const option = donutOption([slice("A", 1, false), slice("B", 3, true)], "4", "customers", look, () => "");
    expect(series(option).data).toMatchObject([
      { name: "A", value: 1, itemStyle: { opacity: 1 } },
      { name: "B", value: 3, itemStyle: { opacity: 0.25 } },
    ]);
  });

  it("writes shares on slices that have room for them and are chosen, and all of them beside the slices of a picture", () => {
    const slices = [slice("A", 60, false), slice("B", 39, true), slice("C", 1, false)];
    const written = (labelled: boolean) => {
      const option = donutOption(slices, "100", "customers", look, (one) => `${one.customers}%`, labelled);
      const { formatter } = series(option)["label"] as { formatter: (at: { dataIndex: number }) => string };
      return slices.map((_, dataIndex) => formatter({ dataIndex }));
    };
    expect(written(false)).toEqual(["60%", "", ""]);
    expect(written(true)).toEqual(["A 60%", "B 39%", "C 1%"]);
  });

  it("writes in the ink that is read better", () => {
    expect(["#83300f", "#f3d5a2", "#97a3bd", "#4269d0"].map(inkOn)).toEqual(["#ffffff", "#1c2128", "#1c2128", "#ffffff"]);
  });
});

describe("what pictures show of the others", () => {
  it("is a line of all months, and bars in the segments' colours", () => {
    const line = [{ month: "2025-01-01", value: 1 }, { month: "2025-02-01", value: null }];
    expect(series(kpiOption(line, "money", look, english)).data).toEqual([1, null]);
    const best = [{ name: "Ann", value: 12_345, segment: "Champions" }];
    expect(series(topOption(best, look, english)).data).toMatchObject([
      { value: 12_345, itemStyle: { color: look.of("Champions"), opacity: 1 } },
    ]);
  });
});

describe("gaugeOption", () => {
  it("stands at nought where there is no mean", () => {
    expect(series(gaugeOption(null, "–", "mean", look)).data[0]).toMatchObject({ value: 0 });
    expect(series(gaugeOption(3.7, "3.70", "mean", look)).data[0]).toMatchObject({ value: 3.7 });
  });
});

describe("scatterOption", () => {
  const point = (total_purchases: number, total_lifetime_value: number | null) => ({
    customer_id: "1",
    days_since_last_purchase: 10,
    total_purchases,
    total_lifetime_value,
    rfm_segment: "Champions",
  });

  it("takes a logarithmic axis where orders spread widely", () => {
    expect(scatterOption([point(5, 1)], [], "today", look, english).yAxis).toMatchObject({ type: "value" });
    expect(scatterOption([point(500, 1)], [], "today", look, english).yAxis).toMatchObject({ type: "log", min: 1, max: 500 });
    expect(scatterOption([point(501, 1)], [], "today", look, english).yAxis).toMatchObject({ max: 1000 });
  });

  it("finds the segments of an area, whichever way it was drawn", () => {
    const points = [
      point(3, 1),
      { ...point(9, 1), rfm_segment: "At Risk" },
      { ...point(9, 1), rfm_segment: "Hibernating", days_since_last_purchase: 11 },
      { ...point(9, 1), days_since_last_purchase: null },
    ];
    const area = areaOf([10.9, -4.2], [8.5, 9.7]);
    expect(area).toEqual({ days: [0, 10], orders: [9, 9] });
    expect(segmentsIn(points, area)).toEqual(["At Risk"]);
    expect(segmentsIn(points, areaOf([0, 10], [3, 9]))).toEqual(["Champions", "At Risk"]);
  });

  it("draws who returned more than they bought at the least size", () => {
    const sizes = series(scatterOption([point(1, -5), point(1, null), point(1, 100)], [], "today", look, english)).data.map(
      (one) => one["symbolSize"],
    );
    expect(sizes).toEqual([5, 5, 26]);
  });
});

describe("cellsOption", () => {
  const triple = (recency_score: number, frequency_score: number, monetary_score: number, customers: number) => ({
    recency_score,
    frequency_score,
    monetary_score,
    rfm_segment: "At Risk",
    customers,
    value: customers * 10,
  });

  it("adds monetary scores up, and loses nobody", () => {
    const pairs = pairsOf([triple(1, 3, 1, 4), triple(1, 3, 5, 6), triple(2, 3, 1, 1)]);
    expect(pairs.map((one) => [one.recency, one.frequency, one.customers, one.value])).toEqual([
      [1, 3, 10, 100],
      [2, 3, 1, 10],
    ]);
    const option = cellsOption(pairs, [], "today", look, english);
    expect(series(option).data).toMatchObject([{ value: [0, 2, 10] }, { value: [1, 2, 1] }]);
    for (const said of ["At Risk", "90.9%", "today", "Click: only At Risk"]) expect(told(option, 0)).toContain(said);
  });
});

describe("changeOf", () => {
  it("compares amounts in parts and rates in points", () => {
    expect(changeOf(150, 100, "money")).toEqual({ direction: "up", by: 0.5 });
    expect(changeOf(0.5, 0.6, "rate")).toMatchObject({ direction: "down" });
    expect(changeOf(100, 100, "money")).toEqual({ direction: "same", by: 0 });
  });

  it("says nothing where there is nothing to compare with", () => {
    expect(changeOf(5, 0, "customers")).toBeNull();
    expect(changeOf(null, 5, "money")).toBeNull();
    expect(changeOf(5, null, "rate")).toBeNull();
  });
});
