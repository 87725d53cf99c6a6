import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";

import type { ColumnName } from "@/shared/columns/columns";

import { formerPages, pagesQuery } from "./queries";

const question = { sort: "-total_purchases" };

function loaded(columns: readonly ColumnName[], pages: number, updatedAt = 5): QueryClient {
  const queries = new QueryClient();
  const row = Object.fromEntries(["customer_id", ...columns].map((name) => [name, "1"])) as { customer_id: string };
  const page = { build_id: 1, as_of: "2025-12-31", rows: [row], next: "more", masked: [] };
  const { queryKey } = pagesQuery(question, columns, queries);
  const data = { pages: Array.from({ length: pages }, () => page), pageParams: Array.from({ length: pages }, () => null) };
  queries.setQueryData(queryKey, data, { updatedAt });
  return queries;
}

describe("formerPages", () => {
  it("are all that were loaded, to be asked for anew where a column is missing", () => {
    const found = formerPages(loaded(["email"], 3), question, ["customer_id", "email", "last_name"]);
    expect([found?.pages.pages.length, found?.updatedAt]).toEqual([3, 0]);
  });

  it("serve as they are where a column is taken away", () => {
    expect(formerPages(loaded(["email", "last_name"], 2), question, ["customer_id", "email"])?.updatedAt).toBe(5);
  });

  it("are asked for anew after a build", async () => {
    const queries = loaded(["email"], 1);
    await queries.invalidateQueries();
    expect(formerPages(queries, question, ["customer_id"])?.updatedAt).toBe(0);
  });

  it("are none of another question", () => {
    const queries = loaded(["email"], 1);
    expect(formerPages(queries, { ...question, q: "ann" }, ["email"])).toBeUndefined();
    expect(formerPages(queries, {}, ["email"])).toBeUndefined();
  });
});
