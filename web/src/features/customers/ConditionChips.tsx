import { CloseButton, Group, Pill } from "@mantine/core";
import type { ReactElement } from "react";

import { heading } from "@/shared/columns/columns";
import { leave } from "@/shared/ui/leave";
import { words } from "@/shared/words";

import type { Condition } from "./question";

interface Props {
  conditions: readonly Condition[];
  onChange: (next: readonly Condition[]) => void;
}

/** The conditions on columns, each to be taken away again. */
export function ConditionChips({ conditions, onChange }: Props): ReactElement | null {
  if (conditions.length === 0) return null;
  return (
    <Group gap="xs" mb="sm">
      {conditions.map((one, place) => {
        const name = `${heading(one.column)} ${words.explorer.operators[one.operator]} ${one.value}`.trim();
        return (
          <Pill key={`${name} ${place}`} size="md" fz="sm" data-chip>
            <Group gap={2} wrap="nowrap">
              {name}
              <CloseButton
                size="xs"
                aria-label={words.filters.remove(name)}
                onClick={(event) => {
                  leave(event.currentTarget);
                  onChange(conditions.filter((_, at) => at !== place));
                }}
              />
            </Group>
          </Pill>
        );
      })}
    </Group>
  );
}
