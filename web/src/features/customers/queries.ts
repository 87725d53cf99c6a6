/** What the explorer asks of the API. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, client, problemOf } from "@/shared/api/client";
import { keyInUse } from "@/shared/api/credentials";
import { download, follow } from "@/shared/ui/download";

import type { Question } from "./question";

const PAGE = 100;

/** Customers in pages, each asked for when it comes into view. */
export const pagesQuery = (question: Question) =>
  infiniteQueryOptions({
    queryKey: ["customers", question],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      answered(
        client.GET("/api/v1/customers", {
          params: { query: { ...question, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
    structuralSharing: false, // to compare all former pages with themselves takes longer the further one scrolls
  });

export const countQuery = (query: Question) =>
  queryOptions({
    queryKey: ["count", query],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/counts/customers", { params: { query }, signal })),
  });

/** Save all customers that a question finds; throws ApiError where it may not be. */
export async function saveAll(question: Question, format: "csv" | "parquet"): Promise<void> {
  const parameters = new URLSearchParams({ format });
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
