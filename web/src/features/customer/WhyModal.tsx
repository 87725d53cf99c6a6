import { Code, Modal, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement, ReactNode } from "react";

import type { Schemas } from "@/shared/api/client";
import { heading, withWord } from "@/shared/columns/columns";
import { type Formats, NONE } from "@/shared/format/format";
import { useFormats } from "@/shared/format/useFormats";
import { Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import classes from "./Customer.module.css";
import { whyQuery } from "./queries";

const said = words.customer;
type Row = Record<string, unknown>;

interface Props {
  id: string;
  column: string;
  onClose: () => void;
}

/** Why a value is what it is: its meaning, its ingredients, the thresholds and cut points, and the facts behind it. */
export function WhyModal({ id, column, onClose }: Props): ReactElement {
  const { data, error } = useQuery(whyQuery(id, column));
  return (
    <Modal
      opened
      onClose={onClose}
      size={960}
      title={<Text fw={600}>{said.why(heading(column))}</Text>}
      closeButtonProps={{ "aria-label": words.close }}
    >
      {error ? <Failure error={error} /> : data ? <Reasons why={data} /> : <Skeleton h={300} />}
    </Modal>
  );
}

function Reasons({ why }: { why: Schemas["Why"] }): ReactElement {
  const formats = useFormats();
  const value = typeof why.value === "number" ? formats.exact(why.value, why.unit) : textOf("", why.value, formats);
  const known = why.made_of.filter((one) => one.value !== null && one.value !== undefined);
  const settings = Object.entries(why.settings);
  return (
    <Stack gap="md">
      <div>
        <Text fz={28} fw={600} className="figures">
          {withWord(why.column, why.value, value)}
        </Text>
        <Text>{why.meaning}</Text>
      </div>
      {known.length > 0 && (
        <Part title={said.madeOf}>
          <Rows label={said.madeOf} rows={known.map(({ name, value: of }) => ({ [said.what]: name, [said.its]: textOf(name, of, formats) }))} />
        </Part>
      )}
      {settings.length > 0 && (
        <Part title={said.thresholds}>
          <Rows label={said.thresholds} rows={settings.map(([name, of]) => ({ [said.what]: name, [said.its]: textOf(name, of, formats) }))} />
        </Part>
      )}
      {why.cut_points && (
        <Part title={said.cutPoints}>
          <Rows label={said.cutPoints} rows={why.cut_points} />
        </Part>
      )}
      {why.facts.map((one) => (
        <Part key={one.table} title={said.factsOf(heading(one.table), one.rows.length, one.next !== null)}>
          <Rows label={heading(one.table)} rows={one.rows} />
        </Part>
      ))}
      <Part title={words.cards.formula}>
        <Code block tabIndex={0}>
          {why.formula}
        </Code>
      </Part>
    </Stack>
  );
}

function Rows({ rows, label }: { rows: readonly Row[]; label: string }): ReactElement {
  const formats = useFormats();
  const names = Object.keys(rows[0] ?? {}).filter((name) => name !== "customer_id");
  const isNumeric = (name: string) => rows.some((row) => typeof row[name] === "number") && !name.endsWith("_id");
  return (
    <div className={classes.facts} tabIndex={0} role="group" aria-label={label}>
      <Table fz="sm" aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {names.map((name) => (
              <Table.Th key={name} ta={isNumeric(name) ? "right" : "left"}>
                {heading(name)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, place) => (
            <Table.Tr key={place}>
              {names.map((name) => (
                <Table.Td key={name} ta={isNumeric(name) ? "right" : "left"} {...(isDay(row[name]) ? { className: classes.whole ?? "" } : {})}>
                  {textOf(name, row[name], formats)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** Columns of facts and of cut points that hold money. */
const MONEY = ["total_amount", "monetary"];

function isDay(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
}

function textOf(name: string, value: unknown, formats: Formats): string {
  if (value === null || value === undefined) return NONE;
  if (Array.isArray(value)) return value.map((one) => textOf(name, one, formats)).join(", ");
  if (isDay(value)) return formats.day(value);
  if (typeof value === "number") return name.endsWith("_id") ? String(value) : formats.exact(value, MONEY.includes(name) ? "money" : null);
  return typeof value === "string" ? value : JSON.stringify(value);
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
