import { Box, Center, Skeleton, Stack, Text } from "@mantine/core";
import { useResizeObserver } from "@mantine/hooks";
import { type ReactElement, useEffect, useEffectEvent, useRef, useState } from "react";

import { ToolButton } from "@/shared/ui/ToolButton";
import { words } from "@/shared/words";

import type { ChartOption } from "./option";

type Drawing = ReturnType<typeof import("./engine").init>;

interface Props {
  option: ChartOption;
  height: number | string;
  /** What a screen reader says in its place; the figures stand in the table behind the card. */
  label: string;
  /** Called with the place of what was clicked among the series' data. */
  onPick?: (index: number) => void;
  /** Whether a click anywhere in a chart of categories picks the nearest one. */
  pickAnywhere?: boolean;
  /** Called with the corners of a rectangle that was drawn over the chart, in the values of its axes. */
  onBrush?: (x: [number, number], y: [number, number]) => void;
}

const FONTS = ["12px 'Inter Variable'", "600 20px 'Inter Variable'"];
/** Where one can draw over charts: a finger that draws could not scroll. */
export const CAN_DRAW = "(pointer: fine)";

/** Draws an option; the drawing code is loaded with the first chart. */
export function Chart(props: Props): ReactElement {
  const { option, height, label, onPick, onBrush, pickAnywhere = false } = props;
  const place = useRef<HTMLDivElement>(null);
  const [observed, size] = useResizeObserver<HTMLDivElement>();
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let made: Drawing | null = null;
    let gone = false;
    void Promise.all([import("./engine"), fonts()]).then(([engine]) => {
      if (gone || !place.current) return;
      made = engine.init(place.current);
      setDrawing(made);
    }, () => setFailed(true));
    return () => {
      gone = true;
      made?.dispose();
      setDrawing(null);
    };
  }, []);

  useEffect(() => {
    drawing?.setOption(option, { replaceMerge: ["series"] });
  }, [drawing, option]);

  useEffect(() => {
    if (size.width > 0) drawing?.resize();
  }, [drawing, size.width, size.height]);

  useEffect(() => {
    if (!drawing || !onPick) return;
    if (pickAnywhere) {
      const anywhere = (event: { offsetX: number; offsetY: number }) => {
        const at = drawing.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
        const index = Array.isArray(at) ? Number(at[0]) : NaN;
        if (Number.isFinite(index) && index >= 0) onPick(Math.round(index));
      };
      const canvas = drawing.getZr();
      canvas.on("click", anywhere);
      return () => {
        if (!drawing.isDisposed()) canvas.off("click", anywhere);
      };
    }
    const heard = (event: { dataIndex?: number }) => {
      if (event.dataIndex !== undefined) onPick(event.dataIndex);
    };
    drawing.on("click", heard as (event: unknown) => void);
    return () => {
      if (!drawing.isDisposed()) drawing.off("click", heard);
    };
  }, [drawing, onPick, pickAnywhere]);

  const isBrushed = onBrush !== undefined;
  const tellArea = useEffectEvent((x: [number, number], y: [number, number]) => onBrush?.(x, y));
  useEffect(() => {
    if (!drawing || !isBrushed || !window.matchMedia(CAN_DRAW).matches) return;
    const brushed = ({ areas }: { areas: { coordRange?: [[number, number], [number, number]] }[] }) => {
      const range = areas[0]?.coordRange;
      if (!range) return;
      drawing.dispatchAction({ type: "brush", areas: [] }); // what it left stands in the filters
      tellArea(...range);
    };
    drawing.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption: { brushType: "rect" } });
    drawing.on("brushEnd", brushed as (event: unknown) => void);
    return () => {
      if (!drawing.isDisposed()) drawing.off("brushEnd", brushed);
    };
  }, [drawing, isBrushed]);

  if (failed) return <Undrawn height={height} />;
  return (
    <Box ref={observed} h={heightOf(height)} pos="relative" role="img" aria-label={label}>
      {drawing === null && <Skeleton pos="absolute" inset={0} h="100%" />}
      <Box ref={place} h="100%" w="100%" />
    </Box>
  );
}

/** Return a height that the surroundings may set another one for, as a card does that fills the screen. */
function heightOf(height: number | string): string {
  return `var(--chart-height, ${typeof height === "number" ? `${height}px` : height})`;
}

/** Stands where the drawing code did not come. */
function Undrawn({ height }: { height: number | string }): ReactElement {
  return (
    <Center mih={height}>
      <Stack align="center" gap="xs" ta="center">
        <Text size="sm">{words.states.undrawn}</Text>
        <ToolButton onClick={() => window.location.reload()}>{words.retry}</ToolButton>
      </Stack>
    </Center>
  );
}

/** Wait for the fonts that charts write in: what was measured in another one would be cut or overlap. */
async function fonts(): Promise<void> {
  await Promise.allSettled(FONTS.map((one) => document.fonts.load(one)));
}
