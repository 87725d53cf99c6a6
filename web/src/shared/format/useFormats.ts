import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { statusQuery } from "@/shared/api/queries";

import { type Formats, formats } from "./format";

/** Return the formats of the browser's language and the shop's currency. */
export function useFormats(): Formats {
  const { data } = useQuery(statusQuery);
  const currency = data?.currency ?? "USD";
  return useMemo(() => formats(language(), currency), [currency]);
}

/** The browser's language; some give names that no formatter takes, such as en-US@posix. */
function language(): string {
  try {
    return new Intl.Locale(navigator.language).toString();
  } catch {
    return "en";
  }
}
