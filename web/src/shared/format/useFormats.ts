import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { statusQuery } from "@/shared/api/queries";

import { type Formats, formats, localeOf } from "./format";

/** Return the formats of the browser's language and the shop's currency. */
export function useFormats(): Formats {
  const { data } = useQuery(statusQuery);
  const currency = data?.currency ?? "USD";
  return useMemo(() => formats(localeOf(navigator.language), currency), [currency]);
}
