import { ActionIcon, Button, Divider, Group, Popover, Stack } from "@mantine/core";
import { DatePicker } from "@mantine/dates";
import { IconCalendar, IconX } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";

import { useFormats } from "@/shared/format/useFormats";
import { leave } from "@/shared/ui/leave";
import { ToolButton } from "@/shared/ui/ToolButton";
import { words } from "@/shared/words";

import { type Period, periodOf, PRESETS, presetOf, spanOf } from "./period";

const said = words.filters;

interface Props {
  asOf: string;
  period: Period;
  onChange: (period: Period) => void;
}

/** Chooses the days whose facts count: one of the usual periods, or days of one's own. */
export function PeriodPicker({ asOf, period, onChange }: Props): ReactElement {
  const [opened, setOpened] = useState(false);
  const [days, setDays] = useState<[string | null, string | null]>([null, null]);
  const formats = useFormats();
  const preset = presetOf(period, asOf);

  const take = (next: Period) => {
    onChange(next);
    setOpened(false);
  };
  const name = preset ? said.presets[preset] : spanOf(period, formats);

  return (
    <Group gap={4} wrap="nowrap">
      <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus withRoles>
        <Popover.Target>
          <ToolButton
            icon={IconCalendar}
            aria-label={`${said.period}: ${name}`}
            onClick={() => {
              setDays([period.from ?? null, period.to ?? null]);
              setOpened(!opened);
            }}
          >
            {name}
          </ToolButton>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap={2}>
            {PRESETS.map((one) => (
              <Button
                key={one}
                variant={one === preset ? "light" : "subtle"}
                size="compact-sm"
                justify="start"
                aria-pressed={one === preset}
                onClick={() => take(periodOf(one, asOf))}
              >
                {said.presets[one]}
              </Button>
            ))}
            <Divider my={4} label={said.custom} />
            <DatePicker
              type="range"
              allowSingleDateInRange
              weekendDays={[]}
              hideOutsideDates
              ariaLabels={{ previousMonth: said.monthBefore, nextMonth: said.monthAfter }}
              value={days}
              defaultDate={period.from ?? asOf}
              onChange={([from, to]) => {
                setDays([from, to]);
                if (from && to) take({ from, to });
              }}
            />
          </Stack>
        </Popover.Dropdown>
      </Popover>
      {preset !== "all" && (
        <ActionIcon
          size="xs"
          variant="transparent"
          color="gray"
          data-chip
          aria-label={said.remove(`${said.period}: ${name}`)}
          onClick={(event) => {
            leave(event.currentTarget);
            take({});
          }}
        >
          <IconX size={12} aria-hidden />
        </ActionIcon>
      )}
    </Group>
  );
}
