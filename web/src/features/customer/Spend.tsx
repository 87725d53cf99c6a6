import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import type { Formats } from "@/shared/format/format";
import { useFormats } from "@/shared/format/useFormats";
import { Empty, Failure } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { spendQuery } from "./queries";
import { spendOption } from "./spendByMonth";

const said = words.customer;
const HEIGHT = 220;
const NOTHING = { month: "1970-01-01", revenue: 0 };

/** What the customer paid by month, less what came back. */
export function Spend({ id }: { id: string }): ReactElement {
  const { data, error, refetch } = useQuery(spendQuery(id));
  const look = useLook();
  const formats = useFormats();
  const months = useMemo(() => data?.rows ?? [], [data]);
  const option = useMemo(() => spendOption(months, said.spend, look, formats), [months, look, formats]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton h={HEIGHT} aria-label={words.loading} />;
  if (months.length === 0) return <Empty title={said.noPurchase} help={said.noPurchaseHelp} />;
  return <Chart option={option} height={HEIGHT} label={label(months, formats)} />;
}

function label(months: readonly Schemas["MonthOfSpend"][], formats: Formats): string {
  const most = months.reduce((best, one) => (one.revenue > best.revenue ? one : best), months[0] ?? NOTHING);
  return said.spendLabel(months.length, formats.month(most.month, true), formats.exact(most.revenue, "money"));
}
