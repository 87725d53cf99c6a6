import { createContext } from "react";

import type { Filters } from "./filters";

/** The filters whose figures are on their way; null while none are. */
export const Awaited = createContext<Filters | null>(null);
