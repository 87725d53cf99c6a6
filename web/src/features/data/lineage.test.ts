import { describe, expect, it } from "vitest";

import { lookOf } from "@/shared/charts/look";

import { lineageOption, sizeOf } from "./lineage";

const leaf = (name: string) => ({ name, inputs: [] });
const tree = { name: "a", inputs: [{ name: "b", inputs: [leaf("t.c"), leaf("$d")] }, leaf("t.e")] };

describe("lineage", () => {
  it("knows how large a tree is", () => {
    expect(sizeOf(tree)).toEqual({ depth: 3, leaves: 3 });
    expect(sizeOf(leaf("a"))).toEqual({ depth: 1, leaves: 1 });
  });

  it("tells columns of the sources from settings by colour", () => {
    const look = lookOf("dark", false);
    const series = lineageOption(tree, look).series as { data: unknown[] }[];
    expect(series[0]?.data[0]).toMatchObject({
      name: "a",
      children: [
        { children: [{ itemStyle: { color: look.accent } }, { itemStyle: { color: look.ordered[2] } }] },
        { itemStyle: { color: look.accent } },
      ],
    });
  });
});
