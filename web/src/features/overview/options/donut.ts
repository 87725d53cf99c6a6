import { basis, type ChartOption, FADED, type Look, tip } from "@/shared/charts/option";
import { inkOn } from "@/shared/charts/ink";

const WRITTEN = 0.08; // a slice has room for its share from so much of the ring

/** One part of a whole: its value as the filters know it, its name, size and colour, and how it is told. */
export interface Slice {
  value: string;
  name: string;
  customers: number;
  colour: string;
  faded: boolean;
  lines: readonly (readonly [string, string])[];
  hint: string;
}

/** Return a ring of slices with their sum in the middle and shares on them; `labelled` has names beside them, for pictures. */
export function donutOption(
  slices: readonly Slice[],
  total: string,
  caption: string,
  look: Look,
  share: (one: Slice) => string,
  labelled = false,
): ChartOption {
  const all = slices.reduce((sum, one) => sum + one.customers, 0);
  const nameOf = (at: number) => {
    const one = slices[at];
    if (!one) return "";
    if (labelled) return `${one.name} ${share(one)}`;
    return !one.faded && one.customers >= all * WRITTEN ? share(one) : "";
  };
  return {
    ...basis(look),
    tooltip: {
      ...basis(look).tooltip,
      formatter: (at) => {
        const slice = Array.isArray(at) ? undefined : slices[at.dataIndex];
        return slice ? tip(slice.name, slice.lines, slice.hint) : "";
      },
    },
    series: [
      {
        type: "pie",
        id: "ring",
        radius: labelled ? ["45%", "65%"] : ["52%", "97%"],
        startAngle: labelled ? 0 : 90, // names of small slices beside each other have room at the side, and none on top
        label: {
          show: true,
          fontSize: labelled ? 12 : 11,
          position: labelled ? "outside" : "inside",
          formatter: ({ dataIndex }) => nameOf(dataIndex),
        },
        labelLine: { show: labelled },
        emphasis: { scale: false, itemStyle: { opacity: 1 } },
        itemStyle: { borderColor: look.surface, borderWidth: 2 },
        data: slices.map((one) => ({
          name: one.name,
          value: one.customers,
          itemStyle: { color: one.colour, opacity: one.faded ? FADED : 1 },
          label: { color: labelled ? look.text : inkOn(one.colour) },
        })),
      },
      {
        type: "pie",
        id: "middle",
        radius: [0, 0],
        silent: true,
        tooltip: { show: false },
        labelLine: { show: false },
        label: {
          show: true,
          position: "center",
          formatter: `{total|${total}}\n{caption|${caption}}`,
          rich: {
            total: { fontSize: 20, fontWeight: 600, color: look.text, lineHeight: 26 },
            caption: { fontSize: 12, color: look.dim },
          },
        },
        data: [{ value: 1, itemStyle: { color: "transparent" } }],
      },
    ],
  };
}
