import { describe, expect, it } from "vitest";

import { spendByMonth } from "./spendByMonth";

const fact = (date: string, total_amount: number) => ({ date, fact: { total_amount } });

describe("spendByMonth", () => {
  it("adds up cents, takes returns off, and has the months without a purchase", () => {
    const items = [fact("2025-03-02", -5), fact("2025-01-31", 0.1), fact("2025-01-01T10:00:00", 0.2)];
    expect(spendByMonth(items, "2025-04-15")).toEqual([
      { month: "2025-01-01", amount: 0.3 },
      { month: "2025-02-01", amount: 0 },
      { month: "2025-03-01", amount: -5 },
      { month: "2025-04-01", amount: 0 },
    ]);
  });

  it("has nothing of nobody", () => {
    expect(spendByMonth([], "2025-04-15")).toEqual([]);
  });
});
