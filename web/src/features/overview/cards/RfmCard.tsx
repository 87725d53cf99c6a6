import { SegmentedControl, Text } from "@mantine/core";
import { type ReactElement, useMemo, useRef, useState } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart, type Picture } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { chosen, type Filters, toggled } from "@/shared/filters/filters";
import { useFormats } from "@/shared/format/useFormats";
import { FigureCard } from "@/shared/ui/FigureCard";
import { Empty } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { cellsOption, pairsOf } from "../options/cells";
import { scatterOption } from "../options/scatter";

const said = words.overview;
const HEIGHT = 330;

interface Props {
  figure: Schemas["Rfm"] | undefined;
  filters: Filters;
  onFilter: (next: Filters) => void;
  stale: boolean;
}

/** Recency, frequency and value: a fair draw of customers as points, or all of them as cells. */
export function RfmCard({ figure, filters, onFilter, stale }: Props): ReactElement {
  const [view, setView] = useState<"points" | "cells">("points");
  const formats = useFormats();
  const look = useLook();
  const pictureRef = useRef<Picture>(null);
  const picked = chosen(filters, "rfm_segment");
  const pairs = useMemo(() => pairsOf(figure?.rows ?? []), [figure]);
  const points = useMemo(() => figure?.points ?? [], [figure]);
  const option = useMemo(
    () =>
      view === "points"
        ? scatterOption(points, picked, look, formats)
        : cellsOption(pairs, picked, look, formats),
    [view, points, pairs, picked, look, formats],
  );
  const pick = (segment: string | null | undefined) => {
    if (segment) onFilter(toggled(filters, "rfm_segment", segment));
  };
  const buyers = pairs.reduce((sum, one) => sum + one.customers, 0);
  const all = formats.exact(buyers);
  return (
    <FigureCard
      name="rfm"
      title={words.cards.titles.rfm}
      figure={figure}
      stale={stale}
      height={HEIGHT + 24}
      pictureRef={pictureRef}
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
          { name: "rfm_segment", cell: (one) => one.segment },
          { name: "recency_score", cell: (one) => one.recency, numeric: true },
          { name: "frequency_score", cell: (one) => one.frequency, numeric: true },
          { name: said.customers, cell: (one) => one.customers, shown: (one) => formats.exact(one.customers), numeric: true },
          { name: said.value, cell: (one) => one.value, shown: (one) => formats.exact(one.value, "money"), numeric: true },
        ],
        rows: pairs,
        pick: { label: (one) => words.filters.only(one.segment), act: (one) => pick(one.segment) },
      }}
    >
      {buyers === 0 ? (
        <Empty title={said.noRevenue} help={said.emptyHelp} />
      ) : (
        <>
          <Chart
            key={view}
            option={option}
            height={HEIGHT}
            label={view === "points" ? said.rfmLabel(formats.exact(points.length)) : said.cellsLabel}
            pictureRef={pictureRef}
            onPick={(index) => pick(view === "points" ? points[index]?.rfm_segment : pairs[index]?.segment)}
          />
          <Text fz={12} c="dimmed">
            {view === "points" && points.length < buyers
              ? said.rfmSample(formats.exact(points.length), all)
              : said.rfmAll(all)}
          </Text>
        </>
      )}
    </FigureCard>
  );
}
