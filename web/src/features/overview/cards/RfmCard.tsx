import { Anchor, SegmentedControl, Text, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";
import { Link } from "wouter";

import type { Schemas } from "@/shared/api/client";
import { CAN_DRAW, Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { chosen, type Filters, type Narrow, narrowed, toggled, withFilters } from "@/shared/filters/filters";
import { useFormats } from "@/shared/format/useFormats";
import { Dot } from "@/shared/ui/Dot";
import { FigureCard } from "@/shared/ui/FigureCard";
import { Empty } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { cellsOption, pairsOf } from "../options/cells";
import { type Area, areaOf, scatterOption, segmentsIn } from "../options/scatter";
import classes from "../Overview.module.css";
import { rfmQuery } from "../queries";

const said = words.overview;
const HEIGHT = 300;

interface Props {
  figure: Schemas["Rfm"] | undefined;
  filters: Filters;
  onFilter: Narrow;
}

/** Recency, frequency and value: a fair draw of customers as points, or all of them as cells. */
export function RfmCard({ figure, filters, onFilter }: Props): ReactElement {
  const [view, setView] = useState<"points" | "cells">("points");
  const [drawn, setDrawn] = useState<{ area: Area; segments: string[] } | null>(null);
  const canDraw = useMediaQuery(CAN_DRAW);
  const formats = useFormats();
  const look = useLook();
  const picked = chosen(filters, "rfm_segment");
  const context = useQuery({
    ...rfmQuery(narrowed(filters, "rfm_segment", [])),
    enabled: picked.length > 0,
    placeholderData: keepPreviousData,
  });
  const shown = picked.length > 0 ? (context.data ?? figure) : figure;
  const pairs = useMemo(() => pairsOf(shown?.rows ?? []), [shown]);
  const points = useMemo(() => shown?.points ?? [], [shown]);
  const asOf = formats.day(shown?.as_of);
  const option = useMemo(
    () =>
      view === "points"
        ? scatterOption(points, picked, asOf, look, formats)
        : cellsOption(pairs, picked, asOf, look, formats),
    [view, points, pairs, picked, asOf, look, formats],
  );
  const pick = (segment: string | null | undefined) => {
    if (segment) onFilter((now) => toggled(now, "rfm_segment", segment));
  };
  const brush = (days: [number, number], orders: [number, number]) => {
    const area = areaOf(days, orders);
    const segments = segmentsIn(points, area);
    setDrawn(segments.length > 0 ? { area, segments } : null);
    if (segments.length > 0) onFilter((now) => narrowed(now, "rfm_segment", segments));
  };
  const segments = useMemo(() => [...new Set(pairs.map((one) => one.segment).reverse())], [pairs]);
  const buyers = pairs.reduce((sum, one) => sum + one.customers, 0);
  const all = formats.exact(buyers);
  return (
    <FigureCard
      name="rfm"
      own="rfm_segment"
      title={words.cards.titles.rfm}
      figure={shown}
      height={HEIGHT + 70}
      picture={buyers > 0 ? () => option : null}
      legend={view === "points" ? segments.map((name) => ({ name, colour: look.of(name) })) : []}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={said.rfmView}
          value={view}
          onChange={(value) => setView(value)}
          data={[
            { value: "points", label: said.rfmPoints },
            { value: "cells", label: said.rfmCells },
          ]}
        />
      }
      table={{
        columns: [
          { name: said.rfmSegment, cell: (one) => one.segment },
          { name: said.recencyScore, cell: (one) => one.recency, numeric: true },
          { name: said.frequencyScore, cell: (one) => one.frequency, numeric: true },
          { name: words.pages.customers, cell: (one) => one.customers, shown: (one) => formats.exact(one.customers), numeric: true },
          { name: said.value, cell: (one) => one.value, shown: (one) => formats.exact(one.value, "money"), numeric: true },
        ],
        rows: pairs,
        pick: { label: (one) => words.filters.only(one.segment), act: (one) => pick(one.segment) },
      }}
    >
      {buyers === 0 ? (
        <Empty title={said.noRevenue} help={said.nothingHelp} />
      ) : (
        <>
          <div className={classes.names}>
            {segments.map((segment) => (
              <UnstyledButton
                key={segment}
                className={classes.slice ?? ""}
                title={picked.includes(segment) ? words.filters.release(segment) : words.filters.only(segment)}
                aria-pressed={picked.includes(segment)}
                onClick={() => pick(segment)}
              >
                <Dot colour={look.of(segment)} />
                {segment}
              </UnstyledButton>
            ))}
          </div>
          <Chart
            key={view}
            option={option}
            height={HEIGHT}
            label={view === "points" ? said.rfmLabel(formats.exact(points.length)) : said.cellsLabel}
            {...(view === "points" ? { onBrush: brush } : {})}
            onPick={(index) => pick(view === "points" ? points[index]?.rfm_segment : pairs[index]?.segment)}
          />
          <Text fz={12} c="dimmed">
            {view === "points" && points.length < buyers
              ? said.rfmSample(formats.exact(points.length), all)
              : said.rfmAll(all)}
            {view === "points" && canDraw && ` · ${said.rfmBrush}`}
          </Text>
          {drawn && view === "points" && isSame(picked, drawn.segments) && <Listed area={drawn.area} filters={filters} />}
        </>
      )}
    </FigureCard>
  );
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** Leads to all customers of an area that was drawn, not only those that are drawn as points. */
function Listed({ area, filters }: { area: Area; filters: Filters }): ReactElement {
  const formats = useFormats();
  const { days, orders } = area;
  const search = new URLSearchParams(withFilters("", narrowed(filters, "rfm_segment", [])));
  for (const [column, [low, high]] of [
    ["days_since_last_purchase", days],
    ["total_purchases", orders],
  ] as const) {
    search.append("where", `${column}:ge:${low}`);
    search.append("where", `${column}:le:${high}`);
  }
  return (
    <Anchor component={Link} href={`/customers?${search.toString()}`} fz={12}>
      {said.rfmList(days.map((one) => formats.exact(one)).join("–"), orders.map((one) => formats.exact(one)).join("–"))}
    </Anchor>
  );
}
