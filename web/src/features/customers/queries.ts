/** What the explorer asks of the API. */
import { type InfiniteData, infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";

import { answered, client, problemOf, type Schemas } from "@/shared/api/client";
import { keyInUse } from "@/shared/api/credentials";
import type { ColumnName } from "@/shared/columns/columns";
import { download, follow } from "@/shared/ui/download";

import type { Question } from "./question";

export const FORMATS = ["csv", "parquet"] as const;
export type Format = (typeof FORMATS)[number];
const PAGE = 100;

type Pages = InfiniteData<Schemas["Customers"], string | null>;

/** Customers in pages with the columns that are shown, each page asked for when it comes into view. */
export const pagesQuery = (question: Question, columns: readonly ColumnName[], queries: QueryClient) =>
  infiniteQueryOptions({
    queryKey: keyOf(question, columns),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      answered(
        client.GET("/api/v1/customers", {
          params: {
            query: {
              ...question,
              columns: [...columns],
              limit: PAGE,
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
    initialData: () => formerPages(queries, question, columns)?.pages,
    initialDataUpdatedAt: () => formerPages(queries, question, columns)?.updatedAt,
    structuralSharing: false, // to compare all former pages with themselves takes longer the further one scrolls
  });

/** Of one question all columns' pages stand under one beginning, which holds no object: those match in part too. */
function keyOf(question: Question, columns?: readonly ColumnName[]): readonly unknown[] {
  return ["customers", JSON.stringify(question), ...(columns ? [columns] : [])];
}

/**
 * Return the pages that were loaded of a question with other columns, so that nobody loses their place by choosing some.
 *
 * `updatedAt` is 0 where they lack a column, or a build came since: all of them are then asked for anew.
 */
export function formerPages(
  queries: QueryClient,
  question: Question,
  columns: readonly ColumnName[],
): { pages: Pages; updatedAt: number } | undefined {
  const former = queries
    .getQueryCache()
    .findAll({ queryKey: keyOf(question) })
    .flatMap(({ state }) => (state.data === undefined ? [] : { ...state, pages: state.data as Pages }))
    .sort((one, other) => other.pages.pages.length - one.pages.pages.length)[0];
  if (former === undefined) return undefined;
  const isWhole = former.pages.pages.every(({ rows: [first] }) => !first || columns.every((name) => name in first));
  return { pages: former.pages, updatedAt: isWhole && !former.isInvalidated ? former.dataUpdatedAt : 0 };
}

export const countQuery = (query: Question) =>
  queryOptions({
    queryKey: ["count", query],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/counts/customers", { params: { query }, signal })),
  });

/** Save all customers that a question finds, with these columns or all; throws ApiError where it may not be. */
export async function saveAll(question: Question, format: Format, columns: readonly ColumnName[] = []): Promise<void> {
  const parameters = new URLSearchParams({ format });
  for (const name of columns) parameters.append("columns", name);
  for (const [name, given] of Object.entries(question)) {
    for (const value of Array.isArray(given) ? given : [given]) parameters.append(name, value);
  }
  const address = `/api/v1/exports/customers?${parameters.toString()}`;
  const name = `customers.${format}`;
  const key = keyInUse();
  if (key === null) {
    follow(address, name); // the browser saves it as it comes, however long it is
    return;
  }
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
  download(name, await answer.blob());
}
