import { describe, expect, it } from "vitest";

import { lookOf } from "@/shared/charts/look";
import { formats } from "@/shared/format/format";

import { spendOption } from "./spendByMonth";

describe("spend by month", () => {
  it("is a bar a month, below the line where more came back than was bought", () => {
    const months = [
      { month: "2025-01-01", revenue: 20 },
      { month: "2025-02-01", revenue: -5 },
    ];
    const option = spendOption(months, "Spend", lookOf("light", false), formats("en-US", "USD"));
    expect(option.xAxis).toMatchObject({ data: ["2025-01-01", "2025-02-01"] });
    expect(option.series).toMatchObject([{ type: "bar", data: [20, -5] }]);
  });
});
