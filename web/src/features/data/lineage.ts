import type { Schemas } from "@/shared/api/client";
import { basis, type ChartOption, type Look } from "@/shared/charts/option";

type Node = Schemas["LineageNode"];

/** Return how many levels a tree has, and how many leaves. */
export function sizeOf(node: Node): { depth: number; leaves: number } {
  if (node.inputs.length === 0) return { depth: 1, leaves: 1 };
  const below = node.inputs.map(sizeOf);
  return {
    depth: 1 + Math.max(...below.map((one) => one.depth)),
    leaves: below.reduce((sum, one) => sum + one.leaves, 0),
  };
}

/** Return a tree of what a column is made of, from the column on the left to the sources on the right. */
export function lineageOption(root: Node, look: Look): ChartOption {
  return {
    ...basis(look),
    tooltip: { ...basis(look).tooltip, formatter: "{b}" },
    series: [
      {
        type: "tree",
        id: "lineage",
        data: [branch(root, look)],
        left: 8,
        right: 220,
        top: 8,
        bottom: 8,
        roam: false,
        initialTreeDepth: -1,
        expandAndCollapse: false,
        symbol: "circle",
        symbolSize: 8,
        lineStyle: { color: look.line, width: 1.5 },
        label: { position: "right", color: look.text, fontSize: 12, backgroundColor: look.surface, padding: [1, 3] },
      },
    ],
  };
}

interface Branch {
  name: string;
  itemStyle: { color: string };
  children: Branch[];
}

function branch(node: Node, look: Look): Branch {
  const isSetting = node.name.startsWith("$");
  const colour = node.inputs.length > 0 ? look.dim : isSetting ? look.ordered[2] : look.accent;
  return { name: node.name, itemStyle: { color: colour }, children: node.inputs.map((one) => branch(one, look)) };
}
