import { Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";

import { useFormats } from "@/shared/format/useFormats";
import { DataTable } from "@/shared/ui/DataTable";
import { More } from "@/shared/ui/More";
import { Empty, Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { loadsQuery } from "./queries";

const said = words.data;

/** What came in: of each load how many rows were read and what became of them. */
export function Loads(): ReactElement {
  const pages = useInfiniteQuery(loadsQuery);
  const formats = useFormats();
  if (pages.error) return <Failure error={pages.error} retry={() => void pages.refetch()} />;
  if (!pages.data) return <Skeleton h={240} aria-label={words.loading} />;
  const rows = pages.data.pages.flatMap((one) => one.rows);
  if (rows.length === 0) return <Empty title={said.noLoads} help={said.noLoadsHelp} />;
  type Load = (typeof rows)[number];
  const counted = (name: string, of: (load: Load) => number) => ({
    name,
    cell: of,
    shown: (load: Load) => formats.exact(of(load)),
    numeric: true,
  });
  return (
    <>
      <DataTable
        label={said.parts.loads}
        rows={rows}
        columns={[
          { name: said.load, cell: (one) => one.load_id },
          { name: said.finished, cell: (one) => one.finished_at, shown: (one) => formats.moment(one.finished_at) },
          { name: said.source, cell: (one) => one.source },
          counted(said.read, (one) => one.rows_read),
          counted(said.inserted, (one) => one.inserted),
          counted(said.updated, (one) => one.updated),
          counted(said.unchanged, (one) => one.unchanged),
          counted(said.quarantined, (one) => one.quarantined),
        ]}
      />
      <More pages={pages} />
    </>
  );
}
