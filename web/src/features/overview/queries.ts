/** What the overview asks of the API. */
import { queryOptions } from "@tanstack/react-query";

import { answered, client } from "@/shared/api/client";
import type { Filters } from "@/shared/filters/filters";

/** All figures at once. */
export const dashboardQuery = (query: Filters) =>
  queryOptions({
    queryKey: ["dashboard", query],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/dashboard", { params: { query }, signal })),
  });

export type SegmentKind = "customer_segment" | "rfm_segment";

/** Customers by one kind of segment. */
export const segmentsQuery = (by: SegmentKind, filters: Filters) =>
  queryOptions({
    queryKey: ["segments", by, filters],
    queryFn: ({ signal }) =>
      answered(
        client.GET("/api/v1/metrics/segment_distribution", { params: { query: { ...filters, by } }, signal }),
      ),
  });

export const churnQuery = (query: Filters) =>
  queryOptions({
    queryKey: ["churn", query],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/metrics/churn_risk", { params: { query }, signal })),
  });

export const rfmQuery = (query: Filters) =>
  queryOptions({
    queryKey: ["rfm", query],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/metrics/rfm", { params: { query }, signal })),
  });

export const monthlyQuery = (query: Filters) =>
  queryOptions({
    queryKey: ["monthly", query],
    queryFn: ({ signal }) => answered(client.GET("/api/v1/metrics/monthly_revenue", { params: { query }, signal })),
  });
