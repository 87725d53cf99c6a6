import { describe, expect, it } from "vitest";

import type { ColumnName, Customer } from "@/shared/columns/columns";

import { missingOf, missingQuery, type Pages, pagesQuery, rowsOf } from "./queries";

const question = { sort: "-total_purchases" };

function answer(columns: readonly ColumnName[], id: number, build = 1) {
  const row = Object.fromEntries(columns.map((name) => [name, `${name} ${id}`]));
  const rows: Customer[] = [{ ...row, customer_id: String(id) }];
  return { build_id: build, as_of: "2025-12-31", rows, next: "more", masked: [] };
}

/** Three pages; the last was asked for after the last name had been chosen. */
const pages: Pages = {
  pages: [answer(["email"], 0), answer(["email"], 1), answer(["email", "last_name"], 2)],
  pageParams: [null, "b", "c"],
};
const groups: ColumnName[][] = [["customer_id", "email"], ["last_name", "first_name"]];
const all = groups.flat();

describe("columns that are chosen later", () => {
  it("are asked for of the pages in view, where they lack them", () => {
    expect(missingOf(pages, groups, all, 1, 2)).toEqual([
      { index: 1, build: 1, cursor: "b", columns: ["last_name", "first_name"] },
      { index: 2, build: 1, cursor: "c", columns: ["first_name"] },
    ]);
  });

  it("are asked for in the same words while one chosen with them is taken away, and not without any", () => {
    expect(missingOf(pages, groups, ["email", "last_name"], 0, 1)).toEqual(missingOf(pages, groups, all, 0, 1));
    expect(missingOf(pages, groups, ["email"], 0, 2)).toEqual([]);
  });

  it("come to their rows, and to none of another page or build", () => {
    const missing = missingOf(pages, groups, all, 0, 2);
    const names: ColumnName[] = ["last_name", "first_name"];
    const rows = rowsOf(pages, missing, [undefined, answer(names, 1), answer(["first_name"], 2, 2)]);
    expect(rows.map((row) => [row.email, row.last_name, row.first_name])).toEqual([
      ["email 0", undefined, undefined],
      ["email 1", "last_name 1", "first_name 1"],
      ["email 2", "last_name 2", undefined],
    ]);
  });

  it("change no list, and are kept by build", () => {
    expect(pagesQuery(question, ["email"]).queryKey).toEqual(pagesQuery(question, ["last_name"]).queryKey);
    const one = { index: 0, build: 1, cursor: null, columns: ["email"] as const };
    expect(missingQuery(question, one).queryKey).not.toEqual(missingQuery(question, { ...one, build: 2 }).queryKey);
  });
});
