/** What the data page asks of the API. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, client } from "@/shared/api/client";

const cursorOf = (cursor: string | null) => (cursor === null ? {} : { cursor });

export const loadsQuery = infiniteQueryOptions({
  queryKey: ["loads"],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) =>
    answered(client.GET("/api/v1/loads", { params: { query: cursorOf(pageParam) }, signal })),
  getNextPageParam: (page) => page.next,
});

export const buildsQuery = infiniteQueryOptions({
  queryKey: ["builds"],
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) =>
    answered(client.GET("/api/v1/builds", { params: { query: cursorOf(pageParam) }, signal })),
  getNextPageParam: (page) => page.next,
});

export const reasonsQuery = queryOptions({
  queryKey: ["quarantine"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/quarantine", { signal })),
});

/** Refused rows of one table and reason. */
export const refusedQuery = (table: string, reason: string) =>
  infiniteQueryOptions({
    queryKey: ["refused", table, reason],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      answered(
        client.GET("/api/v1/quarantine/rows", {
          params: { query: { table, reason, limit: 20, ...cursorOf(pageParam) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  });

export const tablesQuery = queryOptions({
  queryKey: ["dictionary"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/dictionary", { signal })),
  staleTime: Infinity,
});

export const lineageQuery = (table: string, column: string) =>
  queryOptions({
    queryKey: ["lineage", table, column],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/dictionary/{table}/{column}", { params: { path: { table, column } }, signal })),
    staleTime: Infinity,
  });

/** Start a build as of a day, or as of today. */
export function startBuild(asOf: string | null) {
  return answered(client.POST("/api/v1/builds", { body: { as_of: asOf, full: false } }));
}
