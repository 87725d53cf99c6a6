import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

import { type Filters, parseFilters, withFilters } from "./filters";

/** Return the address's filters, and a function that puts others there as a new step of the browser's history. */
export function useFilters(): [Filters, (next: Filters) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const filters = useMemo(() => parseFilters(search), [search]);
  const put = useCallback(
    (next: Filters) => {
      const text = withFilters(search, next);
      navigate(text === "" ? path : `${path}?${text}`);
    },
    [navigate, path, search],
  );
  return [filters, put];
}
