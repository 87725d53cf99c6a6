import { Progress, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useEffect, useRef } from "react";

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
      {status?.building && <Building />}
    </div>
  );
}

function Building(): ReactElement | null {
  const { data } = useQuery(progressQuery);
  const formats = useFormats();
  if (data?.state !== "running") return null;
  const done = data.total ? data.done / data.total : null;
  return (
    <div className={classes.banner}>
      <Text size="sm">{words.building(data.stage, done === null ? null : formats.share(done))}</Text>
      {done !== null && <Progress value={done * 100} size="xs" mt={6} aria-label={data.stage} />}
    </div>
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
