import { SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";

import type { Schemas } from "@/shared/api/client";
import { useLook } from "@/shared/charts/look";
import { chosen, type Filters, type Narrow, narrowed, toggled } from "@/shared/filters/filters";
import { useFormats } from "@/shared/format/useFormats";
import { words } from "@/shared/words";

import type { Slice } from "../options/donut";
import { type SegmentKind, segmentsQuery } from "../queries";
import { DonutCard } from "./DonutCard";

const said = words.overview;

interface Props {
  figure: Schemas["SegmentDistribution"] | undefined;
  filters: Filters;
  onFilter: Narrow;
}

/** Customers by segment of one kind or the other; what is chosen stays visible among the others. */
export function SegmentCard({ figure, filters, onFilter }: Props): ReactElement {
  const [by, setBy] = useState<SegmentKind>("customer_segment");
  const formats = useFormats();
  const look = useLook();
  const picked = chosen(filters, by);
  const isOwn = by === "customer_segment" && picked.length === 0;
  const context = useQuery({
    ...segmentsQuery(by, narrowed(filters, by, [])),
    enabled: figure !== undefined && !isOwn,
    placeholderData: keepPreviousData,
  });
  const shown = isOwn ? figure : (context.data ?? figure);

  const slices = useMemo<Slice[]>(
    () =>
      (shown?.rows ?? []).map((row) => {
        const name = ("rfm_segment" in row ? row.rfm_segment : row.customer_segment) ?? words.unknown;
        return {
          value: name,
          name,
          customers: row.customers ?? 0,
          colour: look.of(name),
          faded: picked.length > 0 && !picked.includes(name),
          lines: [
            [words.pages.customers, formats.exact(row.customers)],
            [said.share, formats.share(row.share)],
            [said.value, formats.exact(row.value, "money")],
            [words.asOfTitle, formats.day(shown?.as_of)],
          ],
          hint: picked.includes(name) ? words.filters.release(name) : words.filters.only(name),
        };
      }),
    [shown, look, picked, formats],
  );
  return (
    <DonutCard
      name="segment_distribution"
      own={by}
      segmentTitle={said.segment}
      figure={shown}
      slices={slices}
      picked={picked}
      onPick={(value) => onFilter((now) => toggled(now, by, value))}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={words.cards.titles.segment_distribution}
          value={by}
          onChange={(value) => setBy(value)}
          data={[
            { value: "customer_segment", label: said.byValueShort },
            { value: "rfm_segment", label: said.byRfmShort },
          ]}
        />
      }
    />
  );
}
