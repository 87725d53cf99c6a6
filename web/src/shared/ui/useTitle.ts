import { useEffect } from "react";

import { words } from "@/shared/words";

/** Name the page in the browser's tab and history. */
export function useTitle(page: string): void {
  useEffect(() => {
    document.title = words.title(page);
  }, [page]);
}
