import { Code, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";

import { heading } from "@/shared/columns/columns";
import { useFormats } from "@/shared/format/useFormats";
import { DataTable } from "@/shared/ui/DataTable";
import { More } from "@/shared/ui/More";
import { Empty, Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { reasonsQuery, refusedQuery } from "./queries";

const said = words.data;

/** What was refused: how many rows for which reason, and these rows themselves. */
export function Quarantine(): ReactElement {
  const { data, error, refetch } = useQuery(reasonsQuery);
  const [picked, setPicked] = useState<{ table: string; reason: string } | null>(null);
  const formats = useFormats();
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton h={240} aria-label={words.loading} />;
  if (data.rows.length === 0) return <Empty title={said.noneRefused} help={said.noneRefusedHelp} />;
  return (
    <Stack>
      <DataTable
        label={said.parts.quarantine}
        rows={data.rows}
        isPicked={(one) => one.table_name === picked?.table && one.reason_code === picked.reason}
        pick={{
          label: (one) => said.showRows(heading(one.reason_code)),
          act: (one) => setPicked({ table: one.table_name, reason: one.reason_code }),
        }}
        columns={[
          { name: said.reason, cell: (one) => one.reason_code, shown: (one) => heading(one.reason_code) },
          { name: said.table, cell: (one) => one.table_name },
          { name: said.rows, cell: (one) => one.rows, shown: (one) => formats.exact(one.rows), numeric: true },
        ]}
      />
      {picked && <Refused key={`${picked.table} ${picked.reason}`} {...picked} />}
    </Stack>
  );
}

function Refused({ table, reason }: { table: string; reason: string }): ReactElement {
  const pages = useInfiniteQuery(refusedQuery(table, reason));
  if (pages.error) return <Failure error={pages.error} />;
  if (!pages.data) return <Skeleton h={160} aria-label={words.loading} />;
  return (
    <Stack gap="xs">
      {pages.data.pages
        .flatMap((one) => one.rows)
        .map((one, place) => (
          <Paper key={place} withBorder p="sm">
            <Text size="sm">{one.reason}</Text>
            <Text fz={12} c="dimmed">
              {said.from(one.source_file, one.source_line, one.load_id)}
            </Text>
            <Code block mt={4} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {one.content}
            </Code>
          </Paper>
        ))}
      <More pages={pages} />
    </Stack>
  );
}
