import { describe, expect, it } from "vitest";

import { placed } from "./charts/picture";
import { sparkPath } from "./charts/sparkPath";
import { shown, withWord } from "./columns/columns";
import { during, type Filters, filtersOnly, isOfOthers, narrowed, parseFilters, toggled, withFilters } from "./filters/filters";
import { inForce } from "./filters/names";
import { monthPeriod, periodOf, presetOf, spanOf } from "./filters/period";
import { formats, localeOf, NONE } from "./format/format";
import { toCsv } from "./ui/csv";
import { words } from "./words";

describe("formats", () => {
  const english = formats("en-US", "USD");

  it.each([
    [1_240_000, "money", "$1.24M", "$1,240,000.00"],
    [182.793, "money", "$182.79", "$182.79"],
    [3_000, "customers", "3,000", "3,000"],
    [1_234_567, "customers", "1.23M", "1,234,567"],
    [0.65291, "rate", "65.3%", "65.3%"],
    [71.4286, "percent", "71.4%", "71.4%"],
    [3.7211, "points", "3.72", "3.72"],
    [5, "points", "5", "5"],
    [-20, "money", "-$20", "-$20.00"],
    [33, "days", "33", "33"],
    [297.77, "seconds", "297.8", "297.8"],
  ])("%d in %s", (value, unit, short, exact) => {
    expect(english.short(value, unit)).toBe(short);
    expect(english.exact(value, unit)).toBe(exact);
  });

  it("has one sign for what is missing", () => {
    expect([english.short(null, "money"), english.exact(undefined), english.day(null)]).toEqual([NONE, NONE, NONE]);
  });

  it("shows days as they are, wherever the reader is", () => {
    expect(english.day("2025-12-31")).toBe("Dec 31, 2025");
    expect(english.month("2025-01-01")).toBe("Jan 2025");
  });

  it("tells two days and what lies between them in one", () => {
    expect(english.span("2025-01-01", "2025-03-31")).toBe("Jan 1 – Mar 31, 2025");
    expect(spanOf({ from: "2025-01-01", to: null }, english)).toBe("since Jan 1, 2025");
    expect(spanOf({}, english)).toBe("All time");
  });

  it("tells what narrows a figure", () => {
    expect(inForce({ churn_risk_score: [5], from: "2025-01-01", to: "2025-01-31" }, english)).toBe(
      "Churn risk: Very high; Period: Jan 1 – 31, 2025",
    );
    expect(inForce({}, english)).toBe("All customers");
  });

  it("counts one and many in their own words", () => {
    expect([words.explorer.found("1"), words.explorer.found("1,001")]).toEqual(["1 customer", "1,001 customers"]);
  });

  it("finds a number's word in any digits", () => {
    const none = { meaning: "", parameters: [], sources: [], steps: [] };
    const column = { ...none, column: "churn_risk_score", type: "INTEGER", unit: "points" };
    expect(shown(column, 5, formats("ar-EG", "EGP"))).toBe("٥ · Very high");
    expect(withWord("churn_risk_score", null, NONE)).toBe(NONE);
  });

  it("follows the locale", () => {
    expect(formats("de-DE", "EUR").exact(1234.5, "money").replace(/\s/g, " ")).toBe("1.234,50 €");
  });

  it.each(["en-US@posix", "C", "", "de_DE.UTF-8"])("are English where a browser says that it speaks %j", (language) => {
    expect(formats(localeOf(language), "USD").exact(1234.5, "money")).toBe("$1,234.50");
  });

  it("are those of a language that formatters know", () => {
    expect(localeOf("de-AT")).toBe("de-AT");
  });

  it("says how long ago a moment is", () => {
    const now = Date.parse("2025-06-02T12:00:00Z");
    expect(english.ago("2025-06-02T11:30:00Z", now)).toBe("30 minutes ago");
    expect(english.ago("2025-06-01T12:00:00Z", now)).toBe("yesterday");
  });
});

describe("filters in the address", () => {
  it("are read as they were written, and leave all else", () => {
    const filters = { customer_segment: ["High Value" as const], from: "2025-01-01" };
    const search = withFilters("q=ann", filters);
    expect(search).toBe("q=ann&customer_segment=High+Value&from=2025-01-01");
    expect(parseFilters(search)).toEqual(filters);
    expect(filtersOnly(search)).toBe("customer_segment=High+Value&from=2025-01-01");
  });

  it("take what was typed by hand", () => {
    expect(parseFilters("?from=soon&churn_risk_score=5&churn_risk_score=5")).toEqual({ churn_risk_score: ["5"] });
  });

  it("toggle one value and keep the others", () => {
    const one = toggled({}, "rfm_segment", "At Risk");
    const two = toggled(one, "rfm_segment", "Champions");
    expect(two).toEqual({ rfm_segment: ["At Risk", "Champions"] });
    expect(toggled(two, "rfm_segment", "At Risk")).toEqual({ rfm_segment: ["Champions"] });
    expect(toggled(one, "rfm_segment", "At Risk")).toEqual({});
    expect(narrowed(two, "rfm_segment", [])).toEqual({});
    expect(during({ from: "2025-01-01", to: "2025-02-01" })).toEqual({});
  });
});

describe("isOfOthers", () => {
  const figure = { churn_risk_score: [5, 4], rfm_segment: ["At Risk"], from: "2025-01-01" };
  const same: Filters = { churn_risk_score: ["4", "5"], rfm_segment: ["At Risk"], from: "2025-01-01" };
  const asked = (own: Parameters<typeof isOfOthers>[2], hasPeriod: boolean, changes: Partial<Filters> = {}) =>
    isOfOthers(figure, { ...same, ...changes }, own, hasPeriod);

  it("tells other filters from the same ones, however they are written", () => {
    expect(asked(null, true)).toBe(false);
    expect(asked(null, true, { churn_risk_score: ["5"] })).toBe(true);
    expect(asked(null, true, { customer_segment: ["High Value"] })).toBe(true);
  });

  it("leaves out what a figure shows whole, and days that do not narrow it", () => {
    expect(asked("rfm_segment", true, { rfm_segment: [] })).toBe(false);
    expect(asked("rfm_segment", true, { churn_risk_score: [] })).toBe(true);
    expect(asked(null, false, { from: null, to: "2025-06-30" })).toBe(false);
    expect(asked("period", true, { to: "2025-06-30" })).toBe(false);
    expect(asked(null, true, { to: "2025-06-30" })).toBe(true);
  });
});

describe("periods", () => {
  it("end on the day that is known last", () => {
    expect(periodOf("days30", "2025-12-31")).toEqual({ from: "2025-12-02", to: "2025-12-31" });
    expect(periodOf("months12", "2025-12-31")).toEqual({ from: "2025-01-01", to: "2025-12-31" });
    expect(periodOf("months12", "2024-02-29")).toEqual({ from: "2023-03-01", to: "2024-02-29" });
    expect(periodOf("lastYear", "2025-06-15")).toEqual({ from: "2024-01-01", to: "2024-12-31" });
  });

  it("are known again by their days", () => {
    expect(presetOf({}, "2025-06-15")).toBe("all");
    expect(presetOf(periodOf("days90", "2025-06-15"), "2025-06-15")).toBe("days90");
    expect(presetOf({ from: "2025-01-02" }, "2025-06-15")).toBeNull();
    expect(monthPeriod("2024-02-01")).toEqual({ from: "2024-02-01", to: "2024-02-29" });
  });
});

describe("toCsv", () => {
  it("quotes what needs it and defuses formulas, but leaves numbers alone", () => {
    expect(toCsv(["a", "b"], [["x,\"y\"", -5], ["=1+1", null]])).toBe('a,b\r\n"x,""y""",-5\r\n\'=1+1,\r\n');
  });
});

describe("sparkPath", () => {
  it("spans the box and breaks where a value is missing", () => {
    expect(sparkPath([0, 10], 100, 20)).toBe("M0.00 19.00L100.00 1.00");
    expect(sparkPath([1, null, 1], 100, 20)).toBe("M0.00 10.00M100.00 10.00");
    expect(sparkPath([null], 100, 20)).toBe("");
  });
});

describe("names above a picture", () => {
  it("go on in the next line where one is full", () => {
    const names = ["a", "b", "c"].map((name) => ({ name, colour: "#000000" }));
    const widths: Record<string, number> = { a: 500, b: 400, c: 10 };
    const places = placed(names, (name) => widths[name] ?? 0).map(({ x, y }) => [x, y]);
    expect(places).toEqual([[0, 0], [532, 0], [0, 20]]);
    expect(placed([], () => 0)).toEqual([]);
  });
});
