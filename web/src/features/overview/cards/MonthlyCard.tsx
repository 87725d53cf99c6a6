import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { during, type Filters, type Narrow } from "@/shared/filters/filters";
import { monthPeriod } from "@/shared/filters/period";
import { useFormats } from "@/shared/format/useFormats";
import { FigureCard } from "@/shared/ui/FigureCard";
import { Empty } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { monthlyOption } from "../options/monthly";
import classes from "../Overview.module.css";
import { monthlyQuery } from "../queries";

const said = words.overview;
const HEIGHT = 288;

interface Props {
  figure: Schemas["MonthlyRevenue"] | undefined;
  filters: Filters;
  onFilter: Narrow;
}

/** Revenue by month over all time, the chosen period marked; a click narrows to a month. */
export function MonthlyCard({ figure, filters, onFilter }: Props): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const { from, to } = filters;
  const hasPeriod = Boolean(from ?? to);
  const context = useQuery({ ...monthlyQuery(during(filters)), enabled: hasPeriod, placeholderData: keepPreviousData });
  const shown = hasPeriod ? (context.data ?? figure) : figure;
  const rows = useMemo(() => shown?.rows ?? [], [shown]);
  const option = useMemo(
    () => monthlyOption(rows, { from: from ?? null, to: to ?? null }, look, formats),
    [rows, from, to, look, formats],
  );
  const pick = (month: string) => {
    const period = monthPeriod(month);
    onFilter((now) =>
      period.from === now.from && period.to === now.to ? during(now) : during(now, period.from, period.to),
    );
  };
  const title = words.cards.titles.monthly_revenue;
  return (
    <FigureCard
      name="monthly_revenue"
      own="period"
      title={title}
      figure={shown}
      height={HEIGHT}
      picture={rows.length > 0 ? () => option : null}
      table={{
        columns: [
          { name: said.month, cell: (one) => one.month, shown: (one) => formats.month(one.month) },
          { name: said.revenue, cell: (one) => one.revenue, shown: (one) => formats.exact(one.revenue, "money"), numeric: true },
          { name: said.orders, cell: (one) => one.orders, shown: (one) => formats.exact(one.orders), numeric: true },
          { name: said.buyers, cell: (one) => one.buyers, shown: (one) => formats.exact(one.buyers), numeric: true },
          { name: said.note, cell: (one) => (one.partial ? said.partial : one.is_cut ? said.cut : "") },
        ],
        rows,
        pick: { label: (one) => words.filters.onlyMonth(formats.month(one.month)), act: (one) => pick(one.month) },
      }}
    >
      {rows.length === 0 ? (
        <Empty title={said.noRevenue} help={said.nothingHelp} />
      ) : (
        <div className={classes.drawn}>
          <div>
            <Chart
              option={option}
              height="100%"
              label={said.monthlyLabel(rows.length, formats.exact(rows.at(-1)?.revenue, "money"))}
              pickAnywhere
              onPick={(index) => {
                const row = rows[index];
                if (row) pick(row.month);
              }}
            />
          </div>
        </div>
      )}
    </FigureCard>
  );
}
