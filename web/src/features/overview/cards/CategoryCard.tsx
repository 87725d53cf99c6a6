import { type ReactElement, type ReactNode, useContext, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { chosen, type Filters, type Narrow, toggled } from "@/shared/filters/filters";
import { spanOf } from "@/shared/filters/period";
import { useFormats } from "@/shared/format/useFormats";
import { Enlarged, FigureCard } from "@/shared/ui/FigureCard";
import { Empty } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { categoriesOption } from "../options/categories";
import classes from "../Overview.module.css";

const said = words.overview;
const BAR = { least: 30, most: 44 }; // pixels that each takes of the card
const MOST = 15; // more stand in the table

interface Props {
  figure: Schemas["CategoryPerformance"] | undefined;
  filters: Filters;
  onFilter: Narrow;
}

/** Revenue by category; a click narrows to the customers who like it best. */
export function CategoryCard({ figure, filters, onFilter }: Props): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const picked = chosen(filters, "favorite_product_category");
  const rows = useMemo(() => figure?.rows ?? [], [figure]);
  const drawn = useMemo(() => rows.slice(0, MOST), [rows]);
  const span = spanOf(filters, formats);
  const option = useMemo(
    () => categoriesOption(drawn, picked, span, look, formats),
    [drawn, picked, span, look, formats],
  );
  const nameOf = (row: (typeof rows)[number]) => row.category ?? words.unknown;
  const pick = (row: (typeof rows)[number]) =>
    onFilter((now) => toggled(now, "favorite_product_category", nameOf(row)));
  return (
    <FigureCard
      name="category_performance"
      title={words.cards.titles.category_performance}
      figure={figure}
      height={360}
      picture={rows.length > 0 ? () => option : null}
      table={{
        columns: [
          { name: said.category, cell: nameOf },
          { name: said.revenue, cell: (one) => one.revenue, shown: (one) => formats.exact(one.revenue, "money"), numeric: true },
          { name: said.share, cell: (one) => one.share, shown: (one) => formats.share(one.share), numeric: true },
          { name: said.orders, cell: (one) => one.orders, shown: (one) => formats.exact(one.orders), numeric: true },
          { name: said.units, cell: (one) => one.units, shown: (one) => formats.exact(one.units), numeric: true },
        ],
        rows,
        pick: { label: (one) => words.filters.onlyFavourite(nameOf(one)), act: pick },
      }}
    >
      {rows.length === 0 ? (
        <Empty title={said.noRevenue} help={said.nothingHelp} />
      ) : (
        <Place bars={drawn.length}>
          <Chart
            option={option}
            height="100%"
            label={said.categoryLabel(rows[0] ? nameOf(rows[0]) : "", formats.exact(rows[0]?.revenue, "money"))}
            onPick={(index) => {
              const row = drawn[index];
              if (row) pick(row);
            }}
          />
        </Place>
      )}
    </FigureCard>
  );
}

/** What the chart stands in: as high as its bars need, or all of a screen that it has to itself. */
function Place({ bars, children }: { bars: number; children: ReactNode }): ReactElement {
  const most = useContext(Enlarged) ? {} : { maxHeight: Math.max(3, bars) * BAR.most };
  return (
    <div className={classes.drawn} style={{ minHeight: bars * BAR.least, ...most }}>
      <div>{children}</div>
    </div>
  );
}
