import { Box } from "@mantine/core";
import type { ReactElement } from "react";

import { sparkPath } from "./sparkPath";

const WIDTH = 100;
const HEIGHT = 28;

/** A line of values without axes; what it says stands in the label. */
export function Sparkline({ values, label }: { values: readonly (number | null)[]; label: string }): ReactElement {
  return (
    <Box
      component="svg"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      w="100%"
      h={HEIGHT}
      role="img"
      aria-label={label}
      c="var(--mantine-primary-color-filled)"
    >
      <path
        d={sparkPath(values, WIDTH, HEIGHT)}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        vectorEffect="non-scaling-stroke"
      />
    </Box>
  );
}
