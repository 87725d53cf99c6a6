import { Accordion, Checkbox, Group, Popover, ScrollArea, Stack, Text } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { memo, type ReactElement, useState } from "react";

import { choicesQuery } from "@/shared/api/queries";
import { useFormats } from "@/shared/format/useFormats";
import { ToolButton } from "@/shared/ui/ToolButton";
import { words } from "@/shared/words";

import { chosen, DIMENSIONS, type Filters, toggled } from "./filters";
import { valueName } from "./names";

const said = words.filters;

interface Props {
  filters: Filters;
  onChange: (next: Filters) => void;
}

/** A list of everything that can be narrowed to, with how many customers each has. */
export const AddFilter = memo(function AddFilter({ filters, onChange }: Props): ReactElement {
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ ...choicesQuery, enabled: opened });
  const formats = useFormats();
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={300} trapFocus returnFocus withRoles>
      <Popover.Target>
        <ToolButton icon={IconFilter} onClick={() => setOpened(!opened)}>
          {said.add}
        </ToolButton>
      </Popover.Target>
      <Popover.Dropdown p={4}>
        <ScrollArea.Autosize mah={420}>
          <Accordion variant="filled" defaultValue={DIMENSIONS[0]}>
            {DIMENSIONS.map((dimension) => (
              <Accordion.Item key={dimension} value={dimension}>
                <Accordion.Control fz="sm">{said.columns[dimension]}</Accordion.Control>
                <Accordion.Panel>
                  <Stack gap={10}>
                    {data?.filters
                      .find((one) => one.name === dimension)
                      ?.values.map(({ value, customers }) => (
                        <Group key={value} justify="space-between" wrap="nowrap" gap="xs">
                          <Checkbox
                            size="xs"
                            label={valueName(dimension, value)}
                            checked={chosen(filters, dimension).includes(value)}
                            onChange={() => onChange(toggled(filters, dimension, value))}
                          />
                          <Text size="xs" c="dimmed" className="figures">
                            {formats.exact(customers)}
                          </Text>
                        </Group>
                      ))}
                  </Stack>
                </Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
});
