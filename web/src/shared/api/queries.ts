/** What several features ask of the API. */
import { queryOptions } from "@tanstack/react-query";

import { answered, client } from "./client";

const GLANCE = 10_000; // milliseconds between two looks at the status
const CLOSE_LOOK = 1_000; // the same while a build runs

/** Which build is shown, to whom, and whether another one runs. */
export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/status", { signal })),
  refetchInterval: (query) => (query.state.data?.building ? CLOSE_LOOK : GLANCE),
});

/** How far the running build is; ask only while one runs. */
export const progressQuery = queryOptions({
  queryKey: ["progress"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/builds/progress", { signal })),
  refetchInterval: CLOSE_LOOK,
  staleTime: 0,
});

/** What every metric means. */
export const meaningsQuery = queryOptions({
  queryKey: ["meanings"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/metrics", { signal })),
  staleTime: Infinity,
});

/** The columns of a table, with their meaning. */
export const tableQuery = (table: string) =>
  queryOptions({
    queryKey: ["dictionary", table],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/dictionary/{table}", { params: { path: { table } }, signal })),
    staleTime: Infinity,
  });

/** The customers that words find, the best first. */
export const searchQuery = (words: string) =>
  queryOptions({
    queryKey: ["search", words],
    queryFn: ({ signal }) =>
      answered(client.GET("/api/v1/search/customers", { params: { query: { q: words } }, signal })),
    enabled: words.trim() !== "",
  });

/** What can be narrowed to, with the customers of each value. */
export const choicesQuery = queryOptions({
  queryKey: ["choices"],
  queryFn: ({ signal }) => answered(client.GET("/api/v1/filters", { signal })),
  staleTime: Infinity,
});
