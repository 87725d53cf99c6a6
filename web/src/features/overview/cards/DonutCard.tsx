import { Text, UnstyledButton } from "@mantine/core";
import { type ReactElement, type ReactNode, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import type { Dimension } from "@/shared/filters/filters";
import { useFormats } from "@/shared/format/useFormats";
import { type AnyFigure, FigureCard } from "@/shared/ui/FigureCard";
import { Dot } from "@/shared/ui/Dot";
import { words } from "@/shared/words";

import { donutOption, type Slice } from "../options/donut";
import classes from "../Overview.module.css";

const said = words.overview;
const RING = 184;

interface Props {
  name: keyof Schemas["DashboardMetrics"];
  figure: AnyFigure | undefined;
  slices: readonly Slice[];
  aside?: ReactNode;
  /** What its slices narrow to; it shows them all, whatever is chosen. */
  own: Dimension;
  /** What a slice is called at the head of the table. */
  segmentTitle: string;
  onPick: (value: string) => void;
  picked: readonly string[];
}

/** A ring of customers by some value, whose slices narrow everything else. */
export function DonutCard({ name, figure, slices, aside, own, segmentTitle, onPick, picked }: Props): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const title = words.cards.titles[name as keyof typeof words.cards.titles];
  const inForce = slices.filter((one) => !one.faded);
  const total = inForce.reduce((sum, one) => sum + one.customers, 0);
  const all = slices.reduce((sum, one) => sum + one.customers, 0);
  const shareOf = (one: Slice) => (all === 0 ? null : one.customers / all);
  const [option, drawn] = useMemo(() => {
    const share = (one: Slice) => formats.share(one.customers / all);
    const draw = (labelled: boolean) =>
      donutOption(slices, formats.short(total, "customers"), said.customersBelow(total), look, share, labelled);
    return [draw(false), draw(true)];
  }, [slices, formats, total, all, look]);
  const label = said.pieLabel(
    title,
    slices.map((one) => `${one.name} ${said.customersOf(formats.exact(one.customers), formats.share(shareOf(one)))}`).join("; "),
  );
  return (
    <FigureCard
      name={name}
      title={title}
      figure={figure}
      height={RING + 100}
      picture={() => drawn}
      aside={aside}
      own={own}
      table={{
        columns: [
          { name: segmentTitle, cell: (one) => one.name },
          { name: words.pages.customers, cell: (one) => one.customers, shown: (one) => formats.exact(one.customers), numeric: true },
          { name: said.share, cell: shareOf, shown: (one) => formats.share(shareOf(one)), numeric: true },
        ],
        rows: slices,
        pick: { label: (one) => one.hint, act: (one) => onPick(one.value) },
      }}
    >
      <div className={classes.ringed}>
        <div className={classes.ring}>
          <div>
            <Chart
              option={option}
              height="100%"
              label={label}
              onPick={(index) => {
                const slice = slices[index];
                if (slice) onPick(slice.value);
              }}
            />
          </div>
        </div>
        <ul className={classes.slices}>
          {slices.map((one) => (
            <li key={one.value}>
              <UnstyledButton
                className={classes.slice ?? ""}
                title={one.hint}
                aria-pressed={picked.includes(one.value)}
                onClick={() => onPick(one.value)}
              >
                <Dot colour={one.colour} />
                <span className={classes.name}>{one.name}</span>
                <span className={`${classes.number} figures`}>{formats.exact(one.customers)}</span>
                <Text component="span" fz={12} c="dimmed" className={`${classes.number} figures`}>
                  {formats.share(shareOf(one))}
                </Text>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      </div>
    </FigureCard>
  );
}
