import { describe, expect, it } from "vitest";

import { FIRST_COLUMNS } from "@/shared/columns/columns";

import { columnsOf, FIRST_SORT, nextSort, questionOf, readCondition, withParameters, written } from "./question";

describe("the explorer's address", () => {
  it("asks for what it says, and leaves the period out", () => {
    const search = "q=ann&where=total_purchases:ge:5&customer_segment=High+Value&from=2025-01-01&sort=last_name";
    expect(questionOf(search)).toEqual({
      q: "ann",
      where: ["total_purchases:ge:5"],
      customer_segment: ["High Value"],
      sort: "last_name",
    });
    expect(questionOf("")).toEqual({ sort: FIRST_SORT });
  });

  it("keeps the columns that were chosen", () => {
    expect(columnsOf("columns=customer_id,email")).toEqual(["customer_id", "email"]);
    expect(columnsOf("")).toBe(FIRST_COLUMNS);
  });

  it("changes one thing and keeps the rest", () => {
    expect(withParameters("q=a&sort=x", { sort: null, where: ["a:missing", "b:eq:1"] })).toBe(
      "q=a&where=a%3Amissing&where=b%3Aeq%3A1",
    );
  });
});

describe("conditions", () => {
  it.each(["favorite_brand:eq:Plain: & Good", "email:missing", "last_purchase_date:lt:2025-01-01"])("%s", (text) => {
    expect(written(readCondition(text))).toBe(text);
  });
});

describe("nextSort", () => {
  it("goes round", () => {
    expect(nextSort("x", "y")).toBe("-y");
    expect(nextSort("-y", "y")).toBe("y");
    expect(nextSort("y", "y")).toBeNull();
  });
});
