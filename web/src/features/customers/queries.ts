/** What the explorer asks of the API. */
import { type InfiniteData, infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { answered, client, problemOf, type Schemas } from "@/shared/api/client";
import { keyInUse } from "@/shared/api/credentials";
import type { ColumnName, Customer } from "@/shared/columns/columns";
import { download, follow } from "@/shared/ui/download";

import type { Question } from "./question";

export const FORMATS = ["csv", "parquet"] as const;
export type Format = (typeof FORMATS)[number];
/** Customers in a page. */
export const PAGE = 100;

export type Pages = InfiniteData<Schemas["Customers"]>;

/** Customers in pages with the columns that are shown, each page asked for when it comes into view. */
export const pagesQuery = (question: Question, columns: readonly ColumnName[], enabled = true) =>
  infiniteQueryOptions({
    queryKey: ["customers", question], // whatever columns are shown, so that to choose some loses nobody's place
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => page(question, columns, pageParam, signal),
    getNextPageParam: (page) => page.next,
    enabled,
    placeholderData: keepPreviousData,
    structuralSharing: false, // to compare all former pages with themselves takes longer the further one scrolls
  });

/** Columns that a page came without, since they were chosen later. */
export interface Missing {
  /** Which of the pages. */
  index: number;
  build: number;
  cursor: string | null;
  columns: readonly ColumnName[];
}

/**
 * Return what the pages from one to another came without of the columns that are shown.
 *
 * `groups` holds all columns shown so far, those chosen at once together: a group is asked for as a whole while one of
 * it is shown, so that what came already is not asked for again whatever else is chosen or taken away.
 */
export function missingOf(
  { pages, pageParams }: Pages,
  groups: readonly (readonly ColumnName[])[],
  columns: readonly ColumnName[],
  from: number,
  to: number,
): Missing[] {
  return pages.slice(from, to + 1).flatMap(({ rows: [first], build_id }, place) => {
    if (!first) return [];
    const index = from + place;
    const cursor = pageParams[index];
    return groups
      .map((group) => group.filter((name) => !(name in first)))
      .filter((lacking) => lacking.some((name) => columns.includes(name)))
      .map((lacking) => ({ index, build: build_id, cursor: typeof cursor === "string" ? cursor : null, columns: lacking }));
  });
}

/** The columns that a page came without; kept by build, so that no row is of two. */
export const missingQuery = (question: Question, { build, cursor, columns }: Missing) =>
  queryOptions({
    queryKey: ["missing columns", question, build, cursor, columns],
    queryFn: ({ signal }) => page(question, columns, cursor, signal),
  });

/** Return all rows, those of a page with the columns that it came without, as far as these are there. */
export function rowsOf(
  pages: Pages,
  missing: readonly Missing[],
  answers: readonly (Schemas["Customers"] | undefined)[],
): Customer[] {
  return pages.pages.flatMap(({ rows, build_id }, index) => {
    const came = answers.filter((one, place) => missing[place]?.index === index && one?.build_id === build_id);
    return came.reduce<Customer[]>((former, answer) => {
      const more = new Map(answer?.rows.map((row) => [row.customer_id, row]));
      return former.map((row) => ({ ...row, ...more.get(row.customer_id) }));
    }, rows);
  });
}

function page(question: Question, columns: readonly ColumnName[], cursor: string | null, signal: AbortSignal) {
  const query = { ...question, columns: [...columns], limit: PAGE, ...(cursor === null ? {} : { cursor }) };
  return answered(client.GET("/api/v1/customers", { params: { query }, signal }));
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
