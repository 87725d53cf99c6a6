import { Skeleton, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactElement, useEffect, useLayoutEffect, useRef } from "react";
import { Link } from "wouter";

import { useLook } from "@/shared/charts/look";
import type { Look } from "@/shared/charts/option";
import { type Column, type ColumnName, type Customer, heading, isOnTheRight, shown, widthOf } from "@/shared/columns/columns";
import type { Formats } from "@/shared/format/format";
import { useFormats } from "@/shared/format/useFormats";
import { Dot } from "@/shared/ui/Dot";
import { words } from "@/shared/words";

import { ColumnFilter } from "./ColumnFilter";
import classes from "./Customers.module.css";
import type { Condition } from "./question";

const ROW = 39;
const AHEAD = 20; // rows kept ready outside the view

/** How far down each list was scrolled, so that one finds back to it. */
const offsets = new Map<string, number>();

/**
 * Remember how far down a list is.
 *
 * One that is not to be seen, as another page came, or has no rows yet says that it is at its top.
 */
function keepOffset(place: string, list: HTMLDivElement): void {
  if (list.scrollHeight > list.clientHeight) offsets.set(place, list.scrollTop);
}

interface Props {
  /** Which list this is. */
  place: string;
  columns: readonly Column[];
  rows: readonly Customer[];
  total: number;
  sort: string;
  isStale: boolean;
  isLoading: boolean;
  /** Whether anything is on its way, be it more rows or more of each. */
  isBusy: boolean;
  /** Asks for more rows, or null while that makes no sense. */
  more: (() => void) | null;
  /** Told the first and the last row in view. */
  onView: (first: number, last: number) => void;
  onSort: (column: string) => void;
  onCondition: (condition: Condition) => void;
}

/** A table of which only the rows in view are drawn; more are asked for as one scrolls. */
export function CustomerGrid(props: Props): ReactElement {
  const { place, columns, rows, total, sort, isStale, isLoading, isBusy, more, onView, onSort, onCondition } = props;
  const formats = useFormats();
  const look = useLook();
  const own = { formats, look };
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length + (isLoading ? 3 : 0),
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: AHEAD,
    initialOffset: () => offsets.get(place) ?? 0,
  });
  const here = useRef(place);
  useEffect(() => {
    here.current = place;
    if (viewport.current) viewport.current.scrollTop = offsets.get(place) ?? 0;
  }, [place]);
  useLayoutEffect(() => {
    const list = viewport.current;
    return () => {
      if (list) keepOffset(here.current, list); // the browser tells of a scroll a frame later, when the list is gone
    };
  }, []);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onView(first, last), [first, last, onView]);
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) more();
  }, [last, rows.length, more]);

  return (
    <div
      ref={viewport}
      className={classes.viewport}
      role="table"
      aria-label={words.pages.customers}
      aria-rowcount={total + 1}
      aria-busy={isBusy}
      tabIndex={0}
      onScroll={(event) => keepOffset(place, event.currentTarget)}
      data-stale={isStale || undefined}
    >
      <div className={classes.inner}>
        <div role="rowgroup" className={classes.head}>
          <div role="row" className={classes.row} aria-rowindex={1}>
            {columns.map((one) => (
              <Heading key={one.column} column={one} order={orderOf(one, sort)} onSort={onSort} onCondition={onCondition} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className={classes.rows} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => (
            <Row key={item.key} index={item.index} start={item.start} row={rows[item.index]} columns={columns} {...own} />
          ))}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  index: number;
  /** Where it begins, in pixels from the first row. */
  start: number;
  /** Nothing while it is being asked for. */
  row: Customer | undefined;
  columns: readonly Column[];
  formats: Formats;
  look: Look;
}

/** A row, which is drawn anew only where it changed. */
const Row = memo(function Row({ index, start, row, columns, formats, look }: RowProps): ReactElement {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`${classes.row} ${classes.body}`}
      style={{ transform: `translateY(${start}px)`, height: ROW }}
    >
      {columns.map((one) => (
        <Cell key={one.column} column={one} row={row} formats={formats} look={look} />
      ))}
    </div>
  );
});

function cellClass(column: Column): string {
  const numeric = isOnTheRight(column) ? `${classes.numeric} figures` : "";
  return `${classes.cell} ${column.column === "customer_id" ? classes.first : ""} ${numeric}`;
}

const COLOURED: readonly string[] = ["customer_segment", "rfm_segment"];

type CellProps = Pick<RowProps, "row" | "formats" | "look"> & { column: Column };

function Cell({ column, row, formats, look }: CellProps): ReactElement {
  const name = column.column;
  const value = row?.[name as ColumnName];
  const own = { role: "cell", className: cellClass(column), style: { flexBasis: widthOf(column) } };
  if (row === undefined || value === undefined) {
    return (
      <div {...own}>
        <Skeleton h={12} mt={13} />
      </div>
    );
  }
  const text = shown(column, value, formats);
  return (
    <div {...own} title={text}>
      {COLOURED.includes(name) && (
        <>
          <Dot colour={look.of(text)} />{" "}
        </>
      )}
      {name === "customer_id" ? <Link href={`/customers/${encodeURIComponent(row.customer_id)}`}>{text}</Link> : text}
    </div>
  );
}

type Order = "ascending" | "descending" | "none";

function orderOf({ column }: Column, sort: string): Order {
  return sort === column ? "ascending" : sort === `-${column}` ? "descending" : "none";
}

interface HeadingProps {
  column: Column;
  order: Order;
  onSort: (column: string) => void;
  onCondition: (condition: Condition) => void;
}

/** A column's name, which sorts, and its funnel; drawn anew only where the order is another. */
const Heading = memo(function Heading({ column, order, onSort, onCondition }: HeadingProps): ReactElement {
  const name = column.column;
  return (
    <div
      role="columnheader"
      aria-label={heading(name)}
      aria-sort={order}
      className={`${cellClass(column)} ${classes.heading}`}
      style={{ flexBasis: widthOf(column) }}
    >
      <UnstyledButton className={classes.sort ?? ""} title={column.meaning} onClick={() => onSort(name)}>
        {heading(name)} {order === "ascending" && <IconArrowUp size={12} aria-hidden />}
        {order === "descending" && <IconArrowDown size={12} aria-hidden />}
      </UnstyledButton>
      <ColumnFilter column={column} onCondition={onCondition} />
    </div>
  );
});
