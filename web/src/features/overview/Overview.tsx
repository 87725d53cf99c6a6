import { VisuallyHidden } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { memo, type ReactElement, useDeferredValue } from "react";

import type { Schemas } from "@/shared/api/client";
import { Awaited } from "@/shared/filters/awaited";
import { FilterBar } from "@/shared/filters/FilterBar";
import { type Filters, isEverything, type Narrow } from "@/shared/filters/filters";
import { inForce } from "@/shared/filters/names";
import { useFilters } from "@/shared/filters/useFilters";
import { useFormats } from "@/shared/format/useFormats";
import { Empty, Failure } from "@/shared/ui/States";
import { ToolButton } from "@/shared/ui/ToolButton";
import { useTitle } from "@/shared/ui/useTitle";
import { words } from "@/shared/words";

import { CategoryCard } from "./cards/CategoryCard";
import { ChurnCard } from "./cards/ChurnCard";
import { KpiCard } from "./cards/KpiCard";
import { MonthlyCard } from "./cards/MonthlyCard";
import { RfmCard } from "./cards/RfmCard";
import { SatisfactionCard } from "./cards/SatisfactionCard";
import { SegmentCard } from "./cards/SegmentCard";
import { TopCustomersCard } from "./cards/TopCustomersCard";
import classes from "./Overview.module.css";
import { dashboardQuery } from "./queries";

const said = words.overview;

/** The page that tells how the shop's customers are, in eight elements that narrow each other. */
export function Overview(): ReactElement {
  useTitle(words.pages.overview);
  const [chosen, setFilters] = useFilters();
  const filters = useDeferredValue(chosen); // the chips answer first, the charts a moment later
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...dashboardQuery(filters),
    placeholderData: keepPreviousData,
  });
  const figures = data?.metrics;
  const count = figures?.total_customers.rows[0]?.value;
  const isEmpty = count === 0;
  return (
    <>
      <VisuallyHidden component="h1">{words.pages.overview}</VisuallyHidden>
      <FilterBar />
      <Told count={count} filters={figures?.average_order_value.filters} />
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isEmpty && isEverything(filters) ? (
        <Empty title={words.states.nobodyTitle} help={words.states.nobodyHelp} />
      ) : isEmpty ? (
        <Empty
          title={said.emptyTitle}
          help={said.emptyHelp}
          action={
            <ToolButton mt="sm" onClick={() => setFilters({})}>
              {words.filters.clear}
            </ToolButton>
          }
        />
      ) : (
        <Awaited value={isPlaceholderData || filters !== chosen ? chosen : null}>
          <Cards figures={figures} filters={filters} onFilter={setFilters} />
        </Awaited>
      )}
    </>
  );
}

interface ToldProps {
  count: number | null | undefined;
  /** As they came with a figure that days can narrow. */
  filters: Readonly<Record<string, unknown>> | undefined;
}

/** Tells who cannot see it how many customers are left, and by which filters, whenever the figures are others. */
function Told({ count, filters }: ToldProps): ReactElement {
  const formats = useFormats();
  return (
    <VisuallyHidden role="status">
      {filters && said.shown(formats.exact(count), inForce(filters, formats))}
    </VisuallyHidden>
  );
}

interface CardsProps {
  figures: Schemas["DashboardMetrics"] | undefined;
  filters: Filters;
  onFilter: Narrow;
}

/** The eight elements; drawn anew only when their figures or filters are others. */
const Cards = memo(function Cards({ figures, ...own }: CardsProps): ReactElement {
  const formats = useFormats();
  const repeat = figures?.repeat_purchase_rate.rows[0]?.value;
  return (
    <div className={classes.grid}>
      <div className={classes.kpi}>
        <KpiCard name="total_customers" figure={figures?.total_customers} />
      </div>
      <div className={classes.kpi}>
        <KpiCard name="total_lifetime_value" figure={figures?.total_lifetime_value} />
      </div>
      <div className={classes.kpi}>
        <KpiCard name="average_order_value" figure={figures?.average_order_value} />
      </div>
      <div className={classes.kpi}>
        <KpiCard
          name="retention_rate"
          figure={figures?.retention_rate}
          note={typeof repeat === "number" ? said.repeat(formats.share(repeat)) : undefined}
        />
      </div>
      <div className={classes.twoThirds}>
        <MonthlyCard figure={figures?.monthly_revenue} {...own} />
      </div>
      <div className={classes.third}>
        <SegmentCard figure={figures?.segment_distribution} {...own} />
      </div>
      <div className={classes.half}>
        <CategoryCard figure={figures?.category_performance} {...own} />
      </div>
      <div className={`${classes.half} ${classes.wide}`}>
        <RfmCard figure={figures?.rfm} {...own} />
      </div>
      <div className={`${classes.half} ${classes.wide}`}>
        <TopCustomersCard figure={figures?.top_customers} />
      </div>
      <div className={classes.quarter}>
        <SatisfactionCard figure={figures?.satisfaction} />
      </div>
      <div className={classes.quarter}>
        <ChurnCard figure={figures?.churn_risk} {...own} />
      </div>
    </div>
  );
});
