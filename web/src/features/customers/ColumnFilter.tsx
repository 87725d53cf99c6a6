import { ActionIcon, Button, NativeSelect, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useId, useState } from "react";

import { choicesQuery } from "@/shared/api/queries";
import { type Column, heading, isNumeric } from "@/shared/columns/columns";
import { UNKNOWN } from "@/shared/filters/filters";
import { words } from "@/shared/words";

import { type Condition, type Operator, OPERATORS, takesValue } from "./question";

const said = words.explorer;

/** Narrows by one column: an operator and a value. */
export function ColumnFilter({
  column,
  onCondition,
}: {
  column: Column;
  onCondition: (condition: Condition) => void;
}): ReactElement {
  const [opened, setOpened] = useState(false);
  const isText = column.type === "TEXT";
  const [operator, setOperator] = useState<Operator>(isText ? "contains" : isNumeric(column) ? "ge" : "eq");
  const [value, setValue] = useState("");
  const { data } = useQuery({ ...choicesQuery, enabled: opened });
  const values = data?.filters.find((one) => one.name === column.column)?.values ?? [];
  const choices = values.filter((one) => one.value !== UNKNOWN); // which the operator "missing" finds
  const list = useId();
  const operators = OPERATORS.filter((one) => isText || (one !== "contains" && one !== "starts"));
  const label = said.filterBy(heading(column.column));
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus returnFocus withRoles width={260} position="bottom-end">
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={() => setOpened(!opened)}>
          <IconFilter size={14} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (takesValue(operator) && value.trim() === "") return;
            setOpened(false);
            setValue("");
            onCondition({ column: column.column, operator, value: takesValue(operator) ? value.trim() : "" });
          }}
        >
          <Stack gap="xs">
            <Text fz={12} c="dimmed">
              {column.meaning}
            </Text>
            <NativeSelect
              aria-label={said.operator}
              value={operator}
              onChange={(event) => setOperator(event.currentTarget.value as Operator)}
              data={operators.map((one) => ({ value: one, label: said.operators[one] }))}
            />
            {takesValue(operator) && (
              <TextInput
                aria-label={said.value}
                placeholder={said.value}
                {...(choices.length > 0 ? { list } : {})}
                type={column.type === "DATE" ? "date" : "text"}
                value={value}
                onChange={(event) => setValue(event.currentTarget.value)}
                data-autofocus
              />
            )}
            <datalist id={list}>
              {choices.map(({ value: one }) => (
                <option key={one} value={one} />
              ))}
            </datalist>
            <Button type="submit" size="compact-md">
              {said.apply}
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
