import type { Schemas } from "@/shared/api/client";
import { basis, type ChartOption, FADED, type Look, tip } from "@/shared/charts/option";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

type Triple = Schemas["RfmRow"];
const said = words.overview;
const SCORES = ["1", "2", "3", "4", "5"];

/** All customers of one pair of recency and frequency scores. */
export interface PairOfScores {
  recency: number;
  frequency: number;
  segment: string;
  customers: number;
  value: number;
}

/** Return the pairs of scores that some customer has, their monetary scores added up. */
export function pairsOf(rows: readonly Triple[]): PairOfScores[] {
  const pairs = new Map<string, PairOfScores>();
  for (const row of rows) {
    const recency = row.recency_score ?? 0;
    const frequency = row.frequency_score ?? 0;
    const key = `${recency} ${frequency}`;
    const pair = pairs.get(key) ?? {
      recency,
      frequency,
      segment: row.rfm_segment ?? words.unknown,
      customers: 0,
      value: 0,
    };
    pair.customers += row.customers ?? 0;
    pair.value += row.value ?? 0;
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/** Return a grid of all buyers by recency and frequency score. */
export function cellsOption(
  pairs: readonly PairOfScores[],
  picked: readonly string[],
  asOf: string,
  look: Look,
  formats: Formats,
): ChartOption {
  const most = Math.max(1, ...pairs.map((one) => one.customers));
  const buyers = pairs.reduce((sum, one) => sum + one.customers, 0);
  const axis = {
    type: "category",
    data: SCORES,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: look.dim },
    nameTextStyle: { color: look.dim },
    nameLocation: "middle",
  } as const;
  return {
    ...basis(look),
    grid: { left: 28, right: 8, top: 8, bottom: 28, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      ...basis(look).tooltip,
      formatter: (at) => {
        const pair = Array.isArray(at) ? undefined : pairs[at.dataIndex];
        return pair ? tipOf(pair, picked, buyers, asOf, formats) : "";
      },
    },
    xAxis: { ...axis, name: said.recencyScore, nameGap: 26 },
    yAxis: { ...axis, name: said.frequencyScore, nameGap: 26 },
    series: [
      {
        type: "heatmap",
        id: "cells",
        label: { show: true, color: look.text, formatter: ({ dataIndex }) => formats.short(pairs[dataIndex]?.customers) },
        data: pairs.map((one) => ({
          value: [one.recency - 1, one.frequency - 1, one.customers],
          itemStyle: {
            opacity: picked.length > 0 && !picked.includes(one.segment) ? FADED : 1,
            borderColor: look.surface,
            borderWidth: 2,
          },
        })),
      },
    ],
    visualMap: {
      show: false,
      min: 0,
      max: most,
      inRange: { color: [mixed(look.accent, 0.06), mixed(look.accent, 0.55)] },
    },
  };
}

/** Return a colour, given as #rrggbb, as transparent as that. */
function mixed(colour: string, alpha: number): string {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${parts.join(",")},${alpha.toFixed(3)})`;
}

function tipOf(pair: PairOfScores, picked: readonly string[], buyers: number, asOf: string, formats: Formats): string {
  return tip(
    pair.segment,
    [
      [said.recencyScore, String(pair.recency)],
      [said.frequencyScore, String(pair.frequency)],
      [words.pages.customers, formats.exact(pair.customers)],
      [said.share, formats.share(pair.customers / buyers)],
      [said.lifetimeValue, formats.exact(pair.value, "money")],
      [words.asOfTitle, asOf],
    ],
    picked.includes(pair.segment) ? words.filters.release(pair.segment) : words.filters.only(pair.segment),
  );
}
