import { Group, Text, Tooltip } from "@mantine/core";
import { IconArrowDownRight, IconArrowRight, IconArrowUpRight } from "@tabler/icons-react";
import { type ReactElement, useContext, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import type { ChartOption } from "@/shared/charts/option";
import { Sparkline } from "@/shared/charts/Sparkline";
import { useFormats } from "@/shared/format/useFormats";
import { Enlarged, FigureCard } from "@/shared/ui/FigureCard";
import { words } from "@/shared/words";

import { changeOf } from "../change";
import { kpiOption } from "../options/kpi";
import classes from "../Overview.module.css";

const said = words.overview;
const HEIGHT = 320; // where the screen is lower than any
const TOUCHED = { hover: true, focus: false, touch: true };
const ARROWS = { up: IconArrowUpRight, down: IconArrowDownRight, same: IconArrowRight };

type Kpi = Schemas["TotalCustomers" | "TotalLifetimeValue" | "AverageOrderValue" | "RetentionRate"];

interface Props {
  name: "total_customers" | "total_lifetime_value" | "average_order_value" | "retention_rate";
  figure: Kpi | undefined;
  note?: string | undefined;
}

/** One leading figure: its value, how it changed against a year before, and its line by month. */
export function KpiCard({ name, figure, note }: Props): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const title = words.cards.titles[name];
  const [heading, rest] = words.cards.split[name] ?? [title];
  const unit = figure?.unit;
  const row = figure?.rows[0];
  const line = useMemo(() => figure?.sparkline ?? [], [figure]);
  const option = useMemo(() => kpiOption(line, unit, look, formats), [line, unit, look, formats]);
  return (
    <FigureCard
      name={name}
      title={title}
      heading={heading}
      figure={figure}
      height={{ base: 56, xs: 98 }}
      picture={line.length > 0 ? () => option : null}
      table={{
        columns: [
          { name: said.month, cell: (one) => one.month, shown: (one) => formats.month(one.month) },
          { name: said.value, cell: (one) => one.value, shown: (one) => formats.exact(one.value, unit), numeric: true },
        ],
        rows: line,
      }}
    >
      <div className={classes.leading}>
        <div>
          <Group gap={6} align="baseline" wrap="nowrap">
            <Tooltip label={formats.exact(row?.value, unit)} openDelay={200} events={TOUCHED} withinPortal>
              <Text component="span" className={`${classes.value} figures`} data-figure={name}>
                {formats.short(row?.value, unit)}
              </Text>
            </Tooltip>
            {rest && (
              <Text size="xs" c="dimmed">
                {rest}
              </Text>
            )}
          </Group>
          <Changed value={row?.value} before={row?.previous_value} unit={unit ?? ""} />
          {note && (
            <Text size="xs" c="dimmed">
              {note}
            </Text>
          )}
        </div>
        <Line option={option} values={line.map((one) => one.value)} label={said.sparkline(title)} />
      </div>
    </FigureCard>
  );
}

interface LineProps {
  option: ChartOption;
  values: readonly (number | null)[];
  label: string;
}

/** The figure's line by month: with axes where it has the screen to itself. */
function Line({ option, values, label }: LineProps): ReactElement {
  if (!useContext(Enlarged)) return <Sparkline values={values} label={label} />;
  return <Chart option={option} height={HEIGHT} label={label} />;
}

function Changed(props: { value: number | null | undefined; before: number | null | undefined; unit: string }) {
  const formats = useFormats();
  const change = changeOf(props.value, props.before, props.unit);
  if (!change) {
    return (
      <Text size="xs" c="dimmed">
        {said.noPrevious}
      </Text>
    );
  }
  const Arrow = ARROWS[change.direction];
  const by = props.unit === "rate" ? said.points(formats.exact(change.by * 100, "pages")) : formats.share(change.by);
  return (
    <Tooltip label={said.before(formats.exact(props.before, props.unit))} openDelay={200} events={TOUCHED}>
      <Group gap={4} wrap="nowrap">
        <Arrow size={14} aria-hidden />
        <Text size="xs" c="dimmed">
          {change.direction === "same" ? said.same : said.change(said[change.direction], by)}
        </Text>
      </Group>
    </Tooltip>
  );
}
