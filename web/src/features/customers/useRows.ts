/** The rows of the explorer, page by page, with the columns that are shown. */
import { useInfiniteQuery, useQueries, type UseQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";

import type { Schemas } from "@/shared/api/client";
import type { ColumnName, Customer } from "@/shared/columns/columns";

import { missingOf, missingQuery, PAGE, pagesQuery, rowsOf } from "./queries";
import type { Question } from "./question";

interface Rows {
  /** Nothing before the first page came. */
  rows: readonly Customer[] | undefined;
  error: Error | null;
  retry: () => void;
  /** Whether the rows are those of the question before. */
  isStale: boolean;
  /** Whether more rows are on their way. */
  isLoading: boolean;
  /** Whether anything is on its way, be it more rows or more of each. */
  isBusy: boolean;
  /** Asks for more rows, or null while that makes no sense. */
  more: (() => void) | null;
  /** To be told the first and the last row in view. */
  onView: (first: number, last: number) => void;
}

/** Ask for customers in pages; a column that is chosen later is asked for of the pages in view alone. */
export function useRows(question: Question, columns: readonly ColumnName[], enabled: boolean): Rows {
  const [from, setFrom] = useState(0);
  const [to, setTo] = useState(0);
  const [groups, setGroups] = useState<readonly (readonly ColumnName[])[]>([]);
  const chosen = columns.filter((name) => !groups.some((group) => group.includes(name)));
  if (chosen.length > 0) setGroups([...groups, chosen]);
  const pages = useInfiniteQuery(pagesQuery(question, columns, enabled));
  const { data, isPlaceholderData, fetchNextPage } = pages;
  const missing = useMemo(
    () => (data && enabled && !isPlaceholderData ? missingOf(data, groups, columns, from, to) : []),
    [data, enabled, isPlaceholderData, groups, columns, from, to],
  );
  const later = useQueries({ queries: missing.map((one) => missingQuery(question, one)), combine: together });
  const rows = useMemo(() => data && rowsOf(data, missing, later.answers), [data, missing, later.answers]);
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const onView = useCallback((first: number, last: number) => {
    setFrom(Math.floor(first / PAGE));
    setTo(Math.floor(last / PAGE));
  }, []);
  const again = pages.isFetchNextPageError ? more : () => void pages.refetch();
  return {
    rows,
    error: pages.error ?? later.error,
    retry: pages.error ? again : later.retry,
    isStale: isPlaceholderData,
    isLoading: pages.isPending || pages.isFetchingNextPage,
    isBusy: pages.isFetching || later.isFetching,
    more: pages.hasNextPage && !pages.isFetching && !pages.isError ? more : null,
    onView,
  };
}

function together(results: readonly UseQueryResult<Schemas["Customers"]>[]) {
  return {
    answers: results.map((one) => one.data),
    error: results.find((one) => one.error)?.error ?? null,
    isFetching: results.some((one) => one.isFetching),
    retry: () => results.filter((one) => one.error).forEach((one) => void one.refetch()),
  };
}
