/** What a customer's page asks of the API. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, client, type Schemas } from "@/shared/api/client";

export type Item = Schemas["TimelineItem"];
export type Kind = Item["kind"];

const PAGE = 50;
const LONG_PAGE = 200;
const MOST_PAGES = 25; // 5,000 purchases; whoever has more is shown the latest of them

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
    queryFn: ({ pageParam, signal }) => page(id, kinds, PAGE, pageParam, signal),
    getNextPageParam: (one) => one.next,
  });

/** All purchases and returns of a customer, and whether there are more than are read. */
export const purchasesQuery = (id: string) =>
  queryOptions({
    queryKey: ["purchases", id],
    queryFn: async ({ signal }) => {
      const items: Item[] = [];
      let cursor: string | null = null;
      for (let read = 0; read < MOST_PAGES; read++) {
        const one: Schemas["Timeline"] = await page(id, ["purchase", "return"], LONG_PAGE, cursor, signal);
        items.push(...one.items);
        cursor = one.next;
        if (cursor === null) break;
      }
      return { items, isCut: cursor !== null };
    },
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

function page(id: string, kinds: readonly Kind[], limit: number, cursor: string | null, signal: AbortSignal) {
  return answered(
    client.GET("/api/v1/customers/{customer_id}/timeline", {
      params: {
        path: { customer_id: id },
        query: { limit, kind: [...kinds], ...(cursor === null ? {} : { cursor }) },
      },
      signal,
    }),
  );
}
