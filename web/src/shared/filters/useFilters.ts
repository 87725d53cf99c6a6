import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

import { type Filters, filtersOnly, type Narrow, parseFilters, withFilters } from "./filters";

/** Return the address's filters, and a function that puts others there as a new step of the browser's history. */
export function useFilters(): [Filters, Narrow] {
  const kept = filtersOnly(useSearch()); // what else the address says changes no filter
  const [, navigate] = useLocation();
  const filters = useMemo(() => parseFilters(kept), [kept]);
  const put = useCallback<Narrow>(
    (next) => {
      const { pathname, search } = window.location; // as it is by then, so that this function never changes
      const text = withFilters(search, typeof next === "function" ? next(parseFilters(search)) : next);
      navigate(text === "" ? pathname : `${pathname}?${text}`);
    },
    [navigate],
  );
  return [filters, put];
}
