import { Box, Skeleton } from "@mantine/core";
import { useResizeObserver } from "@mantine/hooks";
import { type ReactElement, type RefObject, useEffect, useRef, useState } from "react";

import type { ChartOption } from "./option";

type Drawing = ReturnType<typeof import("./engine").init>;

/** A drawn chart's picture, for export. */
export interface Picture {
  png(background: string): Promise<string>;
}

interface Props {
  option: ChartOption;
  height: number | string;
  /** What a screen reader says in its place; the figures stand in the table behind the card. */
  label: string;
  /** Called with the place of what was clicked among the series' data. */
  onPick?: (index: number) => void;
  /** Whether a click anywhere in a chart of categories picks the nearest one. */
  pickAnywhere?: boolean;
  pictureRef?: RefObject<Picture | null>;
  /** What an exported picture shows, where that differs from what the page shows. */
  pictureOption?: ChartOption;
}

const FONTS = ["12px 'Inter Variable'", "600 20px 'Inter Variable'"];
const PICTURE = { width: 960, height: 480 };

/** Draws an option; the drawing code is loaded with the first chart. */
export function Chart(props: Props): ReactElement {
  const { option, height, label, onPick, pickAnywhere = false, pictureRef, pictureOption = option } = props;
  const place = useRef<HTMLDivElement>(null);
  const [observed, size] = useResizeObserver<HTMLDivElement>();
  const [drawing, setDrawing] = useState<Drawing | null>(null);

  useEffect(() => {
    let made: Drawing | null = null;
    let gone = false;
    void Promise.all([import("./engine"), fonts()]).then(([engine]) => {
      if (gone || !place.current) return;
      made = engine.init(place.current);
      setDrawing(made);
    });
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

  useEffect(() => {
    if (!pictureRef) return;
    pictureRef.current = drawing && { png: (background) => pictured(pictureOption, background) };
  }, [drawing, pictureRef, pictureOption]);

  return (
    <Box ref={observed} h={height} pos="relative" role="img" aria-label={label}>
      {drawing === null && <Skeleton pos="absolute" inset={0} h="100%" />}
      <Box ref={place} h="100%" w="100%" />
    </Box>
  );
}

/** Wait for the fonts that charts write in: what was measured in another one would be cut or overlap. */
async function fonts(): Promise<void> {
  await Promise.allSettled(FONTS.map((one) => document.fonts.load(one)));
}

/** Draw an option aside, at a size that suits a document, and return the picture as a data: address. */
async function pictured(option: ChartOption, background: string): Promise<string> {
  const { init } = await import("./engine");
  const drawing = init(document.createElement("div"), null, PICTURE);
  drawing.setOption({ ...option, animation: false });
  const address = drawing.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: background });
  drawing.dispose();
  return address;
}
