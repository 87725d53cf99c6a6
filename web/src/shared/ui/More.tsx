import type { ReactElement } from "react";

import { words } from "@/shared/words";

import { ToolButton } from "./ToolButton";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** Asks for the next page, while there is one. */
export function More({ pages }: { pages: Pages }): ReactElement | null {
  if (!pages.hasNextPage) return null;
  return (
    <ToolButton mt="sm" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
      {words.more}
    </ToolButton>
  );
}
