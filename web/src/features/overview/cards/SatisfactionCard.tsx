import { Group, Text } from "@mantine/core";
import { Fragment, type ReactElement, useMemo } from "react";

import type { Schemas } from "@/shared/api/client";
import { Chart } from "@/shared/charts/Chart";
import { useLook } from "@/shared/charts/look";
import { useFormats } from "@/shared/format/useFormats";
import { FigureCard } from "@/shared/ui/FigureCard";
import { Empty } from "@/shared/ui/States";
import { words } from "@/shared/words";

import { gaugeOption } from "../options/gauge";
import classes from "../Overview.module.css";

const said = words.overview;

/** What customers said of the service: the mean, the share of good answers, and all answers by score. */
export function SatisfactionCard({
  figure
}: {
  figure: Schemas["Satisfaction"] | undefined;
}): ReactElement {
  const formats = useFormats();
  const look = useLook();
  const row = figure?.rows[0];
  const mean = row?.mean ?? null;
  const shown = formats.exact(mean, "points");
  const option = useMemo(() => gaugeOption(mean, shown, said.mean, look), [mean, shown, look]);
  const scores = [...(figure?.distribution ?? [])].sort((one, other) => (other.score ?? 0) - (one.score ?? 0));
  const most = Math.max(1, ...scores.map((one) => one.answers ?? 0));
  return (
    <FigureCard
      name="satisfaction"
      title={words.cards.titles.satisfaction}
      figure={figure}
      height={300}
      picture={row?.answers ? () => option : null}
      table={{
        columns: [
          { name: said.score, cell: (one) => one.score, numeric: true },
          { name: said.answersTitle, cell: (one) => one.answers, shown: (one) => formats.exact(one.answers), numeric: true },
        ],
        rows: scores,
      }}
    >
      {!row?.answers ? (
        <Empty title={said.noAnswers} help={said.nothingHelp} />
      ) : (
        <div className={classes.ringed}>
          <div className={classes.ring}>
            <div>
              <Chart
                option={option}
                height="100%"
                label={said.gaugeLabel(shown, formats.share(row.csat), formats.exact(row.answers))}
              />
            </div>
          </div>
          <div>
            <Group justify="space-between" gap="0 8px" mb={8}>
              <Text fz={13}>
                <b className="figures">{formats.share(row.csat)}</b> {said.csat}
              </Text>
              <Text fz={12} c="dimmed" className="figures">
                {said.answers(formats.exact(row.answers))}
              </Text>
            </Group>
            <div className={classes.bars} role="group" aria-label={said.scores}>
              {scores.map((one) => (
                <Fragment key={one.score}>
                  <span className="figures">{one.score}</span>
                  <span className={classes.track}>
                    <span
                      className={classes.fill}
                      style={{ display: "block", width: `${(100 * (one.answers ?? 0)) / most}%` }}
                    />
                  </span>
                  <span className="figures">{formats.exact(one.answers)}</span>
                </Fragment>
              ))}
            </div>
          </div>
        </div>
      )}
    </FigureCard>
  );
}
