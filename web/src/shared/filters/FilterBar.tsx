import { ActionIcon, Button, Group, Pill, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useEffect, useEffectEvent } from "react";

import { statusQuery } from "@/shared/api/queries";
import { useLook } from "@/shared/charts/look";
import { useFormats } from "@/shared/format/useFormats";
import { Dot } from "@/shared/ui/Dot";
import { leave } from "@/shared/ui/leave";
import { words } from "@/shared/words";

import { AddFilter } from "./AddFilter";
import classes from "./FilterBar.module.css";
import { chosen, type Dimension, DIMENSIONS, during, type Filters, isEverything, toggled } from "./filters";
import { valueName } from "./names";
import { PeriodPicker } from "./PeriodPicker";
import { useFilters } from "./useFilters";

const said = words.filters;

interface Props {
  withPeriod?: boolean;
  /** Takes back what narrows below the bar, which Esc does before it takes back any of the bar's own; null where there is nothing. */
  undo?: (() => void) | null;
}

/** The bar under the header: the period, a chip for each filter, and how fresh the figures are. */
export function FilterBar({ withPeriod = true, undo = null }: Props): ReactElement {
  const [filters, setFilters] = useFilters();
  const { data: status } = useQuery(statusQuery);
  useEscape(() => {
    const last = lastOf(filters);
    if (undo) undo();
    else if (last) setFilters(last);
  });
  return (
    <div className={classes.bar}>
      <Group gap="xs" className={classes.filters}>
        {withPeriod && status?.as_of && (
          <PeriodPicker
            asOf={status.as_of}
            period={periodIn(filters)}
            onChange={(period) => setFilters(during(filters, period.from, period.to))}
          />
        )}
        {status?.as_of !== null && <AddFilter filters={filters} onChange={setFilters} />}
        <Chips filters={filters} onChange={setFilters} />
        {!isEverything(filters) && (
          <Button
            variant="subtle"
            size="compact-sm"
            data-chip
            onClick={(event) => {
              leave(event.currentTarget);
              setFilters({});
            }}
          >
            {said.clear}
          </Button>
        )}
      </Group>
      <AsOf />
    </div>
  );
}

/** Act on Esc where nothing is open that it closes, and nobody types. */
function useEscape(act: () => void): void {
  const pressed = useEffectEvent(({ key, target }: KeyboardEvent) => {
    const isTyped = target instanceof HTMLInputElement && target.type !== "checkbox";
    if (key === "Escape" && !isTyped && !document.querySelector("[role=dialog],[role=menu],[role=listbox]")) act();
  });
  useEffect(() => {
    const heard = (event: KeyboardEvent) => pressed(event);
    window.addEventListener("keydown", heard, { capture: true }); // before what is open hears of it, and is gone
    return () => window.removeEventListener("keydown", heard, { capture: true });
  }, []);
}

/** Return filters without the one that stands last, or null where there is none. */
function lastOf(filters: Filters): Filters | null {
  for (const dimension of [...DIMENSIONS].reverse()) {
    const value = chosen(filters, dimension).at(-1);
    if (value !== undefined) return toggled(filters, dimension, value);
  }
  return filters.from || filters.to ? during(filters) : null;
}

function periodIn(filters: Filters): { from?: string; to?: string } {
  return { ...(filters.from ? { from: filters.from } : {}), ...(filters.to ? { to: filters.to } : {}) };
}

function Chips({ filters, onChange }: { filters: Filters; onChange: (next: Filters) => void }): ReactElement {
  return (
    <>
      {DIMENSIONS.flatMap((dimension) =>
        chosen(filters, dimension).map((value) => {
          const name = `${said.columns[dimension]}: ${valueName(dimension, value)}`;
          return (
            <Pill key={`${dimension} ${value}`} size="md" className={classes.chip ?? ""} fz="sm" data-chip>
              <Group gap={4} wrap="nowrap">
                <ColourOf dimension={dimension} value={value} />
                <span className={classes.text} title={name}>
                  {name}
                </span>
                <ActionIcon
                  size="xs"
                  variant="transparent"
                  color="gray"
                  aria-label={said.remove(name)}
                  onClick={(event) => {
                    leave(event.currentTarget);
                    onChange(toggled(filters, dimension, value));
                  }}
                >
                  <IconX size={12} aria-hidden />
                </ActionIcon>
              </Group>
            </Pill>
          );
        }),
      )}
    </>
  );
}

/** The colour that a value has in every chart, where it has one. */
function ColourOf({ dimension, value }: { dimension: Dimension; value: string }): ReactElement | null {
  const look = useLook();
  const isSegment = dimension === "customer_segment" || dimension === "rfm_segment";
  const colour = isSegment ? look.of(value) : dimension === "churn_risk_score" ? look.ordered[Number(value) - 1] : undefined;
  return colour ? <Dot colour={colour} /> : null;
}

function AsOf(): ReactElement | null {
  const formats = useFormats();
  const { data } = useQuery(statusQuery);
  if (!data?.as_of || !data.built_at) return null;
  return (
    <Text size="xs" c="dimmed" className={classes.asOf ?? ""}>
      {words.asOf(formats.day(data.as_of))} · {words.built(formats.ago(data.built_at))}
      {data.changed_customers > 0 && ` · ${words.changedSince(formats.exact(data.changed_customers))}`}
    </Text>
  );
}
