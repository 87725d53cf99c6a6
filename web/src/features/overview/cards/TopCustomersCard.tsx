import { Anchor, Group, Table, Text } from "@mantine/core";
import type { ReactElement } from "react";
import { Link, useSearch } from "wouter";

import type { Schemas } from "@/shared/api/client";
import { useLook } from "@/shared/charts/look";
import { filtersOnly } from "@/shared/filters/filters";
import { useFormats } from "@/shared/format/useFormats";
import { Dot } from "@/shared/ui/Dot";
import { FigureCard } from "@/shared/ui/FigureCard";
import { words } from "@/shared/words";

import { topOption } from "../options/top";
import classes from "../Overview.module.css";

const said = words.overview;

/** The customers who have paid most; each leads to its page. */
export function TopCustomersCard({
  figure
}: {
  figure: Schemas["TopCustomers"] | undefined;
}): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const kept = filtersOnly(useSearch());
  const rows = figure?.rows ?? [];
  const nameOf = (row: (typeof rows)[number]) =>
    [row.first_name, row.last_name].filter(Boolean).join(" ") || row.customer_id;
  const barOf = (row: (typeof rows)[number]) => ({
    name: nameOf(row),
    value: row.total_lifetime_value,
    segment: row.rfm_segment,
  });
  return (
    <FigureCard
      name="top_customers"
      title={words.cards.titles.top_customers}
      figure={figure}
      height={260}
      picture={rows.length > 0 ? () => topOption(rows.map(barOf), look, formats) : null}
      table={{
        columns: [
          { name: said.customerId, cell: (one) => one.customer_id },
          { name: said.customer, cell: nameOf },
          { name: said.lifetimeValue, cell: (one) => one.total_lifetime_value, shown: (one) => formats.exact(one.total_lifetime_value, "money"), numeric: true },
          { name: said.orders, cell: (one) => one.total_purchases, shown: (one) => formats.exact(one.total_purchases), numeric: true },
          { name: words.filters.columns.customer_segment, cell: (one) => one.customer_segment },
          { name: said.rfmSegment, cell: (one) => one.rfm_segment },
        ],
        rows,
      }}
    >
      <div className={classes.leaders}>
        <div tabIndex={0} role="group" aria-label={words.cards.titles.top_customers}>
          <Table fz="sm" verticalSpacing={12} aria-label={words.cards.titles.top_customers}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{said.customer}</Table.Th>
                <Table.Th ta="right">{said.lifetimeValue}</Table.Th>
                <Table.Th ta="right">{said.orders}</Table.Th>
                <Table.Th className={classes.beside}>{said.rfmSegment}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.customer_id}>
                  <Table.Td>
                    <Anchor component={Link} href={`/customers/${encodeURIComponent(row.customer_id)}`} fz="sm">
                      {nameOf(row)}
                    </Anchor>
                    <div className={classes.under}>
                      <Segment name={row.rfm_segment} />
                    </div>
                  </Table.Td>
                  <Table.Td ta="right">{formats.exact(row.total_lifetime_value, "money")}</Table.Td>
                  <Table.Td ta="right">{formats.exact(row.total_purchases)}</Table.Td>
                  <Table.Td className={classes.beside}>
                    <Segment name={row.rfm_segment} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
        <Anchor component={Link} href={kept ? `/customers?${kept}` : "/customers"} fz="sm">
          {said.allCustomers}
        </Anchor>
      </div>
    </FigureCard>
  );
}

function Segment({ name }: { name: string | null }): ReactElement {
  const look = useLook();
  return (
    <Group gap={6} wrap="nowrap">
      <Dot colour={look.of(name ?? "")} />
      <Text component="span" fz="sm" style={{ whiteSpace: "nowrap" }}>
        {name}
      </Text>
    </Group>
  );
}
