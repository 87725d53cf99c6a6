/** What a customer's page asks of the API. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "@/shared/api/client";

export type Item = Schemas["TimelineItem"];
export type Kind = Item["kind"];

const PAGE = 50;

export const customerQuery = (id: string) =>
  queryOptions({
    queryKey: ["customer", id],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/customers/{customer_id}", { params: { path: { customer_id: id } }, signal })),
  });

/** What a customer did, the latest first, in pages. */
export const timelineQuery = (id: string, kinds: readonly Kind[]) =>
  infiniteQueryOptions({
    queryKey: ["timeline", id, kinds],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => page(id, kinds, pageParam, signal),
    getNextPageParam: (one) => one.next,
  });

/** What a customer paid by month. */
export const spendQuery = (id: string) =>
  queryOptions({
    queryKey: ["spend", id],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/customers/{customer_id}/spend", { params: { path: { customer_id: id } }, signal })),
  });

export const whyQuery = (id: string, column: string) =>
  queryOptions({
    queryKey: ["why", id, column],
    queryFn: ({ signal }) =>
      answered(
        client.GET("/api/v1/customers/{customer_id}/why/{column}", {
          params: { path: { customer_id: id, column }, query: { limit: 10 } },
          signal,
        }),
      ),
  });

function page(id: string, kinds: readonly Kind[], cursor: string | null, signal: AbortSignal) {
  return answered(
    client.GET("/api/v1/customers/{customer_id}/timeline", {
      params: {
        path: { customer_id: id },
        query: { limit: PAGE, kind: [...kinds], ...(cursor === null ? {} : { cursor }) },
      },
      signal,
    }),
  );
}
