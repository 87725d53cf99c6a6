import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { useLook } from "@/shared/charts/look";
import { chosen, type Filters, type Narrow, narrowed, toggled } from "@/shared/filters/filters";
import { useFormats } from "@/shared/format/useFormats";
import { words } from "@/shared/words";

import type { Slice } from "../options/donut";
import { churnQuery } from "../queries";
import { DonutCard } from "./DonutCard";

const said = words.overview;

interface Props {
  figure: Schemas["ChurnRisk"] | undefined;
  filters: Filters;
  onFilter: Narrow;
}

/** Customers by how long they have been silent, from very low risk to very high. */
export function ChurnCard({ figure, filters, onFilter }: Props): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const picked = chosen(filters, "churn_risk_score");
  const context = useQuery({
    ...churnQuery(narrowed(filters, "churn_risk_score", [])),
    enabled: picked.length > 0,
    placeholderData: keepPreviousData,
  });
  const shown = picked.length > 0 ? (context.data ?? figure) : figure;
  const slices = useMemo<Slice[]>(
    () =>
      (shown?.rows ?? []).map((row) => {
        const value = row.churn_risk_score === null ? words.unknown : String(row.churn_risk_score);
        const name = row.label ?? words.unknown;
        return {
          value,
          name,
          customers: row.customers ?? 0,
          colour: look.ordered[(row.churn_risk_score ?? 0) - 1] ?? look.line,
          faded: picked.length > 0 && !picked.includes(value),
          lines: [
            [words.pages.customers, formats.exact(row.customers)],
            [said.share, formats.share(row.share)],
            [words.asOfTitle, formats.day(shown?.as_of)],
          ],
          hint: picked.includes(value) ? words.filters.release(name) : words.filters.only(name),
        };
      }),
    [shown, look, picked, formats],
  );
  return (
    <DonutCard
      name="churn_risk"
      own="churn_risk_score"
      segmentTitle={words.cards.titles.churn_risk}
      figure={shown}
      slices={slices}
      picked={picked}
      onPick={(value) => onFilter((now) => toggled(now, "churn_risk_score", value))}
    />
  );
}
