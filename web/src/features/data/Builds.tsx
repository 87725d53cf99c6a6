import { Accordion, Badge, Button, Group, Paper, Popover, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";

import { ApiError, type Schemas } from "@/shared/api/client";
import { progressQuery, statusQuery } from "@/shared/api/queries";
import { heading } from "@/shared/columns/columns";
import { useFormats } from "@/shared/format/useFormats";
import { DataTable } from "@/shared/ui/DataTable";
import { More } from "@/shared/ui/More";
import { Empty, Failure } from "@/shared/ui/States";
import { ToolButton } from "@/shared/ui/ToolButton";
import { words } from "@/shared/words";

import { buildsQuery, startBuild } from "./queries";

const said = words.data;

/** What was built: when, how long each step took, and whether every figure reconciles with the sources. */
export function Builds(): ReactElement {
  const pages = useInfiniteQuery(buildsQuery);
  if (pages.error) return <Failure error={pages.error} retry={() => void pages.refetch()} />;
  if (!pages.data) return <Skeleton h={240} aria-label={words.loading} />;
  const rows = pages.data.pages.flatMap((one) => one.rows);
  return (
    <>
      <Freshness />
      {rows.length === 0 ? (
        <Empty title={said.noBuilds} help={said.noBuildsHelp} />
      ) : (
        <Accordion variant="contained" order={2} defaultValue={String(rows[0]?.build_id)}>
          {rows.map((one) => (
            <Accordion.Item key={one.build_id} value={String(one.build_id)}>
              <Accordion.Control>
                <Heading build={one} />
              </Accordion.Control>
              <Accordion.Panel>
                <Details build={one} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      )}
      <More pages={pages} />
    </>
  );
}

function Heading({ build }: { build: Schemas["Build"] }): ReactElement {
  const formats = useFormats();
  const agrees = build.reconciliation.every((one) => one.agrees);
  const seconds = (Date.parse(build.finished_at) - Date.parse(build.started_at)) / 1000;
  return (
    <Group gap="sm">
      <Text fw={600} size="sm">
        {heading(words.cards.build(build.build_id))}
      </Text>
      <Text size="sm" c="dimmed" className="figures">
        {words.asOf(formats.day(build.as_of))} · {formats.moment(build.finished_at)} · {said.kinds(build.kind)} ·{" "}
        {said.took(formats.exact(seconds, "seconds"))} · {said.customers(formats.exact(build.customers))}
      </Text>
      <Badge variant="dot" color={agrees ? "teal" : "red"} tt="none">
        {agrees ? said.reconciles : said.differs}
      </Badge>
    </Group>
  );
}

function Details({ build }: { build: Schemas["Build"] }): ReactElement {
  const formats = useFormats();
  const longest = [...build.steps].sort((one, other) => other.seconds - one.seconds);
  return (
    <Stack>
      <Text size="sm">
        {said.changed(formats.exact(build.recomputed), formats.exact(build.new_customers))}
      </Text>
      <Caption>{said.reconciliation}</Caption>
      <DataTable
        label={said.reconciliation}
        rows={build.reconciliation}
        columns={[
          { name: said.figure, cell: (one) => one.figure },
          { name: said.inSources, cell: (one) => one.in_sources, shown: (one) => formats.exact(one.in_sources), numeric: true },
          { name: said.inResult, cell: (one) => one.in_result, shown: (one) => formats.exact(one.in_result), numeric: true },
          { name: said.agrees, cell: (one) => (one.agrees ? said.yes : said.no) },
        ]}
      />
      <Caption>{said.steps}</Caption>
      <DataTable
        label={said.steps}
        rows={longest}
        columns={[
          { name: said.step, cell: (one) => one.name },
          { name: said.milliseconds, cell: (one) => Math.round(one.seconds * 1000), shown: (one) => formats.exact(Math.round(one.seconds * 1000)), numeric: true },
          { name: said.rows, cell: (one) => one.rows, shown: (one) => formats.exact(one.rows), numeric: true },
        ]}
      />
    </Stack>
  );
}

function Caption({ children }: { children: string }): ReactElement {
  return (
    <Title order={3} fz={14} fw={600} mb="calc(-1 * var(--mantine-spacing-xs))">
      {children}
    </Title>
  );
}

function Freshness(): ReactElement | null {
  const { data } = useQuery(statusQuery);
  const formats = useFormats();
  if (!data) return null;
  const fresh = data.changed_customers === 0;
  return (
    <Paper withBorder p="md" mb="md">
      <Group justify="space-between">
        <Text size="sm">
          {data.as_of === null || data.built_at === null
            ? words.states.firstTitle
            : `${words.asOf(formats.day(data.as_of))} · ${words.built(formats.ago(data.built_at))} · ${
                fresh ? said.nothingChanged : words.changedSince(formats.exact(data.changed_customers))
              }`}
        </Text>
        {data.role === "admin" && <BuildNow building={data.building} asOf={data.as_of ?? null} />}
      </Group>
    </Paper>
  );
}

function BuildNow({ building, asOf }: { building: boolean; asOf: string | null }): ReactElement {
  const [day, setDay] = useState(asOf ?? "");
  const queries = useQueryClient();
  const build = useMutation({
    mutationFn: () => startBuild(day === "" ? null : day),
    onSuccess: (job) => {
      queries.setQueryData(progressQuery.queryKey, job); // or a build that fails at once would be told nowhere
      return queries.invalidateQueries({ queryKey: ["status"] });
    },
  });
  return (
    <Popover trapFocus returnFocus withRoles position="bottom-end">
      <Popover.Target>
        <ToolButton loading={building || build.isPending}>{said.build}</ToolButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs" maw={240}>
          <TextInput
            type="date"
            label={said.buildAsOf}
            description={said.buildToday}
            value={day}
            onChange={(event) => setDay(event.currentTarget.value)}
          />
          <Button size="compact-md" onClick={() => build.mutate()}>
            {said.build}
          </Button>
          {build.error instanceof ApiError && (
            <Text size="sm" role="alert">
              {build.error.message || words.states.offline}
            </Text>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
