import { Code, Group, Modal, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement, ReactNode } from "react";

import { meaningsQuery, statusQuery } from "@/shared/api/queries";
import { inForce } from "@/shared/filters/names";
import { useFormats } from "@/shared/format/useFormats";
import { words } from "@/shared/words";

import type { AnyFigure } from "./FigureCard";
import { Failure } from "./States";

const said = words.cards;

interface Props {
  name: string;
  title: string;
  figure: AnyFigure;
  opened: boolean;
  onClose: () => void;
}

/** What a figure means: its meaning, its columns, what narrows it, how fresh it is, and its SQL. */
export function MeaningModal({ name, title, figure, opened, onClose }: Props): ReactElement {
  const { data, error } = useQuery({ ...meaningsQuery, enabled: opened });
  const formats = useFormats();
  const meaning = data?.metrics.find((one) => one.name === name);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={<Text fw={600}>{title}</Text>}
      closeButtonProps={{ "aria-label": words.close }}
    >
      {error && <Failure error={error} />}
      {meaning && (
        <Stack gap="md">
          <Text>{meaning.meaning}</Text>
          <Part title={said.filtersInForce}>
            <Text size="sm">{inForce(figure.filters, formats)}</Text>
            {!meaning.has_period && (
              <Text size="sm" c="dimmed">
                {said.noPeriod}
              </Text>
            )}
          </Part>
          <Part title={said.freshness}>
            <Freshness figure={figure} />
          </Part>
          <Part title={said.columns}>
            <Table fz="sm" aria-label={said.columns}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{words.data.column}</Table.Th>
                  <Table.Th>{words.data.meaning}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {Object.entries(meaning.columns).map(([column, what]) => (
                  <Table.Tr key={column}>
                    <Table.Td>
                      <Code>{column}</Code>
                    </Table.Td>
                    <Table.Td>{what}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Part>
          <Part title={said.formula}>
            <Code block tabIndex={0}>
              {meaning.sql}
            </Code>
          </Part>
        </Stack>
      )}
    </Modal>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <section>
      <Title order={3} fz={12} c="dimmed" fw={500} mb={4}>
        {title}
      </Title>
      {children}
    </section>
  );
}

function Freshness({ figure }: { figure: AnyFigure }): ReactElement {
  const formats = useFormats();
  const { data } = useQuery(statusQuery);
  return (
    <Group gap="xs">
      <Text size="sm">
        {words.asOf(formats.day(figure.as_of))} · {said.build(figure.build_id)}
        {data?.built_at && ` · ${words.built(formats.ago(data.built_at))}`}
      </Text>
    </Group>
  );
}
