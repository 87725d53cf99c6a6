import { Button, Checkbox, Popover, ScrollArea, Stack } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { memo, type ReactElement } from "react";

import { type Column, type ColumnName, heading } from "@/shared/columns/columns";
import { ToolButton } from "@/shared/ui/ToolButton";
import { words } from "@/shared/words";

interface Props {
  columns: readonly Column[];
  chosen: readonly ColumnName[];
  /** Called with the columns to show; null is those of the start. */
  onChange: (next: readonly ColumnName[] | null) => void;
}

/** Chooses the explorer's columns; they stay in the order of customer_360. */
export const ColumnChooser = memo(function ColumnChooser({ columns, chosen, onChange }: Props): ReactElement {
  const toggle = (name: string) =>
    onChange(
      columns
        .map((one) => one.column as ColumnName)
        .filter((one) => (one === name ? !chosen.includes(one) : chosen.includes(one))),
    );
  return (
    <Popover position="bottom-end" width={290} trapFocus returnFocus withRoles>
      <Popover.Target>
        <ToolButton icon={IconColumns3}>{words.explorer.columns}</ToolButton>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <Button variant="subtle" size="compact-sm" mb={4} onClick={() => onChange(null)}>
          {words.explorer.firstColumns}
        </Button>
        <ScrollArea.Autosize mah={400}>
          <Stack gap={10}>
            {columns.map((one) => (
              <Checkbox
                key={one.column}
                size="xs"
                label={heading(one.column)}
                title={one.meaning}
                checked={chosen.includes(one.column as ColumnName)}
                disabled={one.column === "customer_id"}
                onChange={() => toggle(one.column)}
              />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
});
