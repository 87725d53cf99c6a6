import { Chip, Group, Skeleton, Table, Text, VisuallyHidden } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";

import { heading } from "@/shared/columns/columns";
import type { Formats } from "@/shared/format/format";
import { useFormats } from "@/shared/format/useFormats";
import { More } from "@/shared/ui/More";
import { Empty, Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import classes from "./Customer.module.css";
import { type Item, type Kind, timelineQuery } from "./queries";

const said = words.customer;
const KINDS: readonly Kind[] = ["purchase", "return", "contact", "response", "visit", "view"];

/** Everything that the customer did, the latest first, of the kinds that are asked for, also what no figure counts yet. */
export function Timeline({ id, asOf }: { id: string; asOf: string }): ReactElement {
  const [kinds, setKinds] = useState<Kind[]>([]);
  const formats = useFormats();
  const pages = useInfiniteQuery({ ...timelineQuery(id, kinds), placeholderData: keepPreviousData });
  const isLater = (item: Item | undefined) => item !== undefined && item.date.slice(0, 10) > asOf;
  const items = pages.data?.pages.flatMap((one) => one.items) ?? [];
  return (
    <>
      <Chip.Group multiple value={kinds} onChange={(next) => setKinds(next)}>
        <Group gap={6} mb="sm">
          {KINDS.map((kind) => (
            <Chip key={kind} value={kind} size="xs">
              {said.kinds[kind]}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      {pages.error && <Failure error={pages.error} retry={() => void pages.refetch()} />}
      {pages.isPending && <Skeleton h={240} aria-label={words.loading} />}
      {pages.data && items.length === 0 && <Empty title={said.noFacts} help={said.noFactsHelp} />}
      {isLater(items[0]) && (
        <Text fz={12} c="dimmed" mb={4}>
          {said.later(formats.day(asOf))}
        </Text>
      )}
      <div className={`${classes.facts} ${classes.timeline}`}>
        <Table fz="sm" verticalSpacing={6} aria-label={said.timeline}>
          <Table.Thead className={classes.told ?? ""}>
            <Table.Tr>
              {[said.day, said.kind, said.happened].map((one) => (
                <Table.Th key={one}>
                  <VisuallyHidden>{one}</VisuallyHidden>
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((item) => (
              <Table.Tr key={`${item.table} ${item.id}`} {...(isLater(item) ? { c: "dimmed" } : {})}>
                <Table.Td className={classes.day ?? ""}>{formats.day(item.date)}</Table.Td>
                <Table.Td className={classes.kind ?? ""}>{said.kinds[item.kind]}</Table.Td>
                <Table.Td>{told(item, formats)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <More pages={pages} />
    </>
  );
}

/** The columns of facts that are told, in this order; all others are keys and dates. */
const TOLD = [
  "product_name",
  "campaign_name",
  "quantity",
  "total_amount",
  "category",
  "brand",
  "interaction_type",
  "resolution_status",
  "satisfaction_score",
  "response_type",
  "channel",
  "source",
  "pages_viewed",
  "time_spent",
] as const;

function told(item: Item, formats: Formats): ReactElement {
  const parts = TOLD.flatMap((name) => {
    const text = textOf(name, item.fact[name], formats);
    return text === null ? [] : [{ name, text }];
  });
  return (
    <Text fz={13}>
      {parts.map(({ name, text }, place) => (
        <span key={name} title={heading(name)}>
          {place > 0 && " · "}
          <bdi>{text}</bdi>
        </span>
      ))}
    </Text>
  );
}

function textOf(name: (typeof TOLD)[number], value: unknown, formats: Formats): string | null {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value !== "number") return null;
  if (name === "total_amount") return formats.exact(value, "money");
  const counted: Partial<Record<string, (count: string) => string>> = said.counted;
  return counted[name]?.(formats.exact(value)) ?? formats.exact(value);
}
