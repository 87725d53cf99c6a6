import { CloseButton, Group, Progress, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useEffect, useRef, useState } from "react";

import { ApiError } from "@/shared/api/client";
import { progressQuery, statusQuery } from "@/shared/api/queries";
import { useFormats } from "@/shared/format/useFormats";
import { words } from "@/shared/words";

import classes from "./Shell.module.css";

/** Quiet notices: a build that runs, a build that failed, a server that does not answer. */
export function Banners(): ReactElement {
  const { data: status, error } = useQuery(statusQuery);
  useFreshFigures(status?.build_id);
  const away = error instanceof ApiError && (error.status === 0 || error.status >= 500);
  return (
    <div aria-live="polite">
      {away && (
        <Text size="sm" className={classes.banner ?? ""}>
          {words.offline}
        </Text>
      )}
      {status && <LatestBuild building={status.building} />}
    </div>
  );
}

/** How far the build is that was asked for here, or that it failed. */
function LatestBuild({ building }: { building: boolean }): ReactElement | null {
  const { data } = useQuery({
    ...progressQuery,
    enabled: (query) => building || query.state.data?.state === "running", // until its end is known
  });
  const [closed, setClosed] = useState<number | null>(null);
  const formats = useFormats();
  if (data?.state === "running") {
    const done = data.total ? data.done / data.total : null;
    return (
      <div className={classes.banner}>
        <Text size="sm">{words.building(data.stage, done === null ? null : formats.share(done))}</Text>
        {done !== null && <Progress value={done * 100} size="xs" mt={6} aria-label={data.stage} />}
      </div>
    );
  }
  if (data?.state !== "failed" || building || closed === data.number) return null;
  return (
    <Group className={classes.banner ?? ""} justify="space-between" wrap="nowrap">
      <Text size="sm">
        {words.buildFailed} {data.detail}
      </Text>
      <CloseButton aria-label={words.close} onClick={() => setClosed(data.number)} />
    </Group>
  );
}

/** Ask for everything anew once another build is shown. */
function useFreshFigures(build: number | null | undefined): void {
  const queries = useQueryClient();
  const known = useRef(build);
  useEffect(() => {
    if (build === undefined || build === known.current) return;
    if (known.current !== undefined) void queries.invalidateQueries({ predicate: (one) => one.queryKey[0] !== "status" });
    known.current = build;
  }, [build, queries]);
}
