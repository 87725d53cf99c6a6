import { describe, expect, it } from "vitest";

import { lookOf } from "@/shared/charts/look";
import { formats } from "@/shared/format/format";

import { changeOf } from "../change";
import { categoriesOption } from "./categories";
import { cellsOption, pairsOf } from "./cells";
import { donutOption, type Slice } from "./donut";
import { gaugeOption } from "./gauge";
import { monthlyOption } from "./monthly";
import { scatterOption } from "./scatter";

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
      series(categoriesOption(rows, picked, look, english)).data.map(
        (one) => (one["itemStyle"] as { opacity: number }).opacity,
      );
    expect(opacities([])).toEqual([1, 1]);
    expect(opacities(["Toys"])).toEqual([1, 0.25]);
  });

  it("takes names for text, whatever is in them", () => {
    expect(told(categoriesOption(rows, [], look, english), 1)).toContain("&lt;b&gt;Odd&lt;/b&gt;");
  });

  it("says what a click will do", () => {
    expect(told(categoriesOption(rows, [], look, english), 0)).toContain("favourite category is Toys");
    expect(told(categoriesOption(rows, ["Toys"], look, english), 0)).toContain("no longer only Toys");
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
    const option = donutOption([slice("A", 1, false), slice("B", 3, true)], "4", "customers", look);
    expect(series(option).data).toMatchObject([
      { name: "A", value: 1, itemStyle: { opacity: 1 } },
      { name: "B", value: 3, itemStyle: { opacity: 0.25 } },
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
    expect(scatterOption([point(5, 1)], [], look, english).yAxis).toMatchObject({ type: "value" });
    expect(scatterOption([point(500, 1)], [], look, english).yAxis).toMatchObject({ type: "log", min: 1 });
  });

  it("draws who returned more than they bought at the least size", () => {
    const sizes = series(scatterOption([point(1, -5), point(1, null), point(1, 100)], [], look, english)).data.map(
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
    expect(series(cellsOption(pairs, [], look, english)).data).toMatchObject([
      { value: [0, 2, 10] },
      { value: [1, 2, 1] },
    ]);
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
