import { Box, Grid, Modal, NativeSelect, NavLink, ScrollArea, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";

import type { Schemas } from "@/shared/api/client";
import { tableQuery } from "@/shared/api/queries";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { DataTable } from "@/shared/ui/DataTable";
import { Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { lineageOption, sizeOf } from "./lineage";
import { lineageQuery, tablesQuery } from "./queries";

const said = words.data;
const FIRST = "customer_360";

/** Every table and column with its meaning, and what each is made of. */
export function Dictionary(): ReactElement {
  const { data, error } = useQuery(tablesQuery);
  const [table, setTable] = useState(FIRST);
  const [typed, setTyped] = useState("");
  if (error) return <Failure error={error} />;
  if (!data) return <Skeleton h={400} aria-label={words.loading} />;
  const fits = (one: Schemas["TableMeaning"]) =>
    `${one.name} ${one.meaning}`.toLowerCase().includes(typed.toLowerCase());
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 3 }}>
        <NativeSelect
          hiddenFrom="sm"
          size="sm"
          aria-label={said.table}
          value={table}
          onChange={(event) => setTable(event.currentTarget.value)}
          data={data.tables.map((one) => one.name)}
        />
        <Box visibleFrom="sm">
          <TextInput
            size="sm"
            placeholder={said.findTable}
            aria-label={said.findTable}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            mb="xs"
          />
          <ScrollArea.Autosize mah={{ base: "30vh", md: "65vh" }}>
            {data.tables.filter(fits).map((one) => (
              <NavLink
                key={one.name}
                component="button"
                label={one.name}
                description={one.kind}
                active={one.name === table}
                aria-current={one.name === table}
                onClick={() => setTable(one.name)}
              />
            ))}
          </ScrollArea.Autosize>
        </Box>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 9 }}>
        <Columns key={table} table={table} />
      </Grid.Col>
    </Grid>
  );
}

function Columns({ table }: { table: string }): ReactElement {
  const { data, error } = useQuery(tableQuery(table));
  const [column, setColumn] = useState<string | null>(null);
  if (error) return <Failure error={error} />;
  if (!data) return <Skeleton h={400} aria-label={words.loading} />;
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {data.name}
      </Title>
      <Text size="sm">{data.meaning}</Text>
      <Text fz={12} c="dimmed">
        {[data.kind, data.grain, data.reads.length > 0 && said.reads(data.reads.join(", "))].filter(Boolean).join(" · ")}
      </Text>
      <DataTable
        label={data.name}
        rows={data.columns}
        pick={{ label: (one) => said.lineageOf(one.column), act: (one) => setColumn(one.column) }}
        columns={[
          { name: said.column, cell: (one) => one.column },
          { name: said.type, cell: (one) => one.type.toLowerCase() },
          { name: said.unit, cell: (one) => one.unit, shown: (one) => one.unit ?? "" },
          { name: said.meaning, cell: (one) => one.meaning },
        ]}
      />
      {column !== null && (
        <Modal
          opened
          onClose={() => setColumn(null)}
          size="90%"
          title={<Text fw={600}>{said.lineageOf(`${table}.${column}`)}</Text>}
          closeButtonProps={{ "aria-label": words.close }}
        >
          <Lineage table={table} column={column} />
        </Modal>
      )}
    </Stack>
  );
}

const LEAF = 34;
const LEVEL = 250;
const NARROW = "(max-width: 600px)"; // where the drawing shows little at a time

function Lineage({ table, column }: { table: string; column: string }): ReactElement {
  const { data, error } = useQuery(lineageQuery(table, column));
  const look = useLook();
  const option = useMemo(() => data && lineageOption(data, look), [data, look]);
  if (error) return <Failure error={error} />;
  if (!data || !option) return <Skeleton h={300} aria-label={words.loading} />;
  const { depth, leaves } = sizeOf(data);
  return (
    <>
      <div style={{ overflowX: "auto" }} tabIndex={0} role="group" aria-label={said.lineageOf(column)}>
        <div style={{ minWidth: depth * LEVEL }}>
          <Chart option={option} height={Math.max(3, leaves) * LEAF} label={said.lineageOf(column)} />
        </div>
      </div>
      <details open={window.matchMedia(NARROW).matches}>
        <summary>{said.lineageAsList}</summary>
        <Tree node={data} />
      </details>
    </>
  );
}

function Tree({ node }: { node: Schemas["LineageNode"] }): ReactElement {
  return (
    <ul>
      <li>
        {node.name}
        {node.inputs.map((one) => (
          <Tree key={one.name} node={one} />
        ))}
      </li>
    </ul>
  );
}
