import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo } from "react";

import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { useFormats } from "@/shared/format/useFormats";
import { Empty, Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { purchasesQuery } from "./queries";
import { spendByMonth, spendOption } from "./spendByMonth";

const said = words.customer;
const HEIGHT = 220;

/** What the customer paid by month, less what came back. */
export function Spend({ id, asOf }: { id: string; asOf: string }): ReactElement {
  const { data, error } = useQuery(purchasesQuery(id));
  const look = useLook();
  const formats = useFormats();
  const months = useMemo(() => spendByMonth(data?.items ?? [], asOf), [data, asOf]);
  const option = useMemo(() => spendOption(months, said.spend, look, formats), [months, look, formats]);
  if (error) return <Failure error={error} />;
  if (!data) return <Skeleton h={HEIGHT} aria-label={words.loading} />;
  if (months.length === 0) return <Empty title={said.noPurchase} help={said.noPurchaseHelp} />;
  return (
    <>
      <Chart option={option} height={HEIGHT} label={said.spendLabel(months.length)} />
      {data.isCut && (
        <Text fz={12} c="dimmed">
          {said.spendCut(formats.exact(data.items.length))}
        </Text>
      )}
    </>
  );
}
