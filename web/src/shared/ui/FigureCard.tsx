import { ActionIcon, Box, Group, Menu, Modal, Paper, Skeleton, type StyleProp, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconArrowsMaximize,
  IconDots,
  IconFileSpreadsheet,
  IconInfoCircle,
  IconPhoto,
  IconTable,
} from "@tabler/icons-react";
import { createContext, type ReactElement, type ReactNode, useContext, useState } from "react";
import { navigate, useLocationProperty } from "wouter/use-browser-location";

import type { Schemas } from "@/shared/api/client";
import { useLook } from "@/shared/charts/look";
import type { ChartOption } from "@/shared/charts/option";
import { type Named, pictured } from "@/shared/charts/picture";
import { Awaited } from "@/shared/filters/awaited";
import { type Dimension, isOfOthers } from "@/shared/filters/filters";
import { inForce } from "@/shared/filters/names";
import { useFormats } from "@/shared/format/useFormats";
import { words } from "@/shared/words";

import { toCsv } from "./csv";
import { type Column, DataTable } from "./DataTable";
import { download } from "./download";
import classes from "./FigureCard.module.css";
import { MeaningModal } from "./MeaningModal";

const said = words.cards;

/** A figure as the API gives it, whichever metric's. */
export type AnyFigure = Schemas["DashboardMetrics"][keyof Schemas["DashboardMetrics"]];

/** What a figure looks like as a table. */
export interface Tabled<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  pick?: { label: (row: Row) => string; act: (row: Row) => void };
}

interface Props<Row> {
  name: keyof Schemas["DashboardMetrics"];
  title: string;
  /** What of the title stands above the figure, where the rest stands beside it. */
  heading?: string;
  figure: AnyFigure | undefined;
  table: Tabled<Row>;
  children: ReactNode;
  /** How high the content is, so that a skeleton keeps its place. */
  height: StyleProp<number>;
  /** What a picture of it shows; nothing where there is nothing to show. */
  picture: (() => ChartOption) | null;
  /** What the colours of the picture stand for, where the chart itself does not say it. */
  legend?: readonly Named[];
  aside?: ReactNode;
  /** What the figure shows whole, whatever is chosen of it. */
  own?: Dimension | "period";
}

/** Whether a figure fills the screen. */
export const Enlarged = createContext(false);

/** A card of one figure, with its meaning, its table and its exports behind a menu. */
export function FigureCard<Row>(props: Props<Row>): ReactElement {
  const { name, title, heading = title, figure, table, children, height, picture, legend = [], aside, own = null } = props;
  const [full, { open: enlarge, close: reduce }] = useDisclosure(false);
  const [opened, setShown] = useState<"meaning" | "table" | null>(null);
  const [asked, forget] = useAskedFor(name);
  const shown = asked ? "meaning" : opened;
  const look = useLook();
  const formats = useFormats();

  const fileName = `${name}-${figure?.as_of ?? ""}`;
  const saveCsv = () =>
    download(
      `${fileName}.csv`,
      toCsv(
        table.columns.map((one) => one.name),
        table.rows.map((row) => table.columns.map((one) => one.cell(row))),
      ),
    );
  const savePng = async () => {
    if (!figure || !picture) return;
    const note = `${words.asOf(formats.day(figure.as_of))} · ${inForce(figure.filters, formats)}`;
    download(`${fileName}.png`, await pictured(picture(), { title, note, legend }, look));
  };

  return (
    <Paper component="section" withBorder radius="md" className={classes.card} aria-label={title} aria-busy={!figure}>
      <div className={classes.head}>
        <Title order={2} fz={14} fw={600} className={classes.title ?? ""}>
          {heading}
        </Title>
        <Group gap={4} wrap="nowrap">
          {aside}
          <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
            <Menu.Target>
              <ActionIcon
                variant="subtle"
                color="gray"
                className={classes.menu ?? ""}
                aria-label={said.menu(title)}
                disabled={!figure}
              >
                <IconDots size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconInfoCircle size={16} />} onClick={() => setShown("meaning")}>
                {said.meaning}
              </Menu.Item>
              <Menu.Item leftSection={<IconTable size={16} />} onClick={() => setShown("table")}>
                {said.table}
              </Menu.Item>
              <Menu.Item leftSection={<IconFileSpreadsheet size={16} />} onClick={saveCsv}>
                {said.csv}
              </Menu.Item>
              {picture && (
                <Menu.Item leftSection={<IconPhoto size={16} />} onClick={() => void savePng()}>
                  {said.png}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconArrowsMaximize size={16} />} onClick={enlarge}>
                {said.full}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </div>
      {figure && !full ? (
        <Content figure={figure} own={own} height={height}>
          {children}
        </Content>
      ) : (
        <Skeleton h={height} aria-label={words.loading} />
      )}
      <Modal
        opened={full}
        onClose={reduce}
        fullScreen
        title={<Text fw={600}>{title}</Text>}
        closeButtonProps={{ "aria-label": words.close }}
      >
        <Enlarged value>
          <div className={classes.full}>{children}</div>
        </Enlarged>
      </Modal>
      {figure && (
        <>
          <MeaningModal
            name={name}
            title={title}
            figure={figure}
            opened={shown === "meaning"}
            onClose={() => {
              setShown(null);
              if (asked) forget();
            }}
          />
          <Modal
            opened={shown === "table"}
            onClose={() => setShown(null)}
            title={<Text fw={600}>{title}</Text>}
            size="lg"
            closeButtonProps={{ "aria-label": words.close }}
          >
            <DataTable {...table} label={title} />
          </Modal>
        </>
      )}
    </Paper>
  );
}

interface ContentProps {
  figure: AnyFigure;
  own: Dimension | "period" | null;
  height: StyleProp<number>;
  children: ReactNode;
}

/** What stands in a card; quiet while other figures are on their way to it. */
function Content({ figure, own, height, children }: ContentProps): ReactElement {
  const awaited = useContext(Awaited);
  const isStale = awaited !== null && isOfOthers(figure.filters, awaited, own, figure.has_period);
  return (
    <Box className={classes.content} mih={height} data-stale={isStale || undefined}>
      {children}
    </Box>
  );
}

/** Tell whether the address asks for what a figure means, and give a way to take that back. */
function useAskedFor(name: string): [boolean, () => void] {
  const isAsked = useLocationProperty(() => new URLSearchParams(window.location.search).get("figure") === name);
  const forget = () => {
    const { pathname, search } = window.location;
    const parameters = new URLSearchParams(search);
    parameters.delete("figure");
    const left = parameters.toString();
    navigate(left === "" ? pathname : `${pathname}?${left}`, { replace: true });
  };
  return [isAsked, forget];
}
