import { ScrollArea, Table, UnstyledButton } from "@mantine/core";
import type { ReactElement } from "react";

import type { Cell } from "./csv";
import classes from "./DataTable.module.css";

const FEW = 2; // columns that a phone has room for

/** A column of a plain table: its heading, how a cell looks, and whether it holds numbers. */
export interface Column<Row> {
  name: string;
  cell: (row: Row) => Cell;
  shown?: (row: Row) => string;
  numeric?: boolean;
}

interface Props<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  label: string;
  /** What a row's first cell does when it is pressed; it says what in words. */
  pick?: { label: (row: Row) => string; act: (row: Row) => void };
  isPicked?: (row: Row) => boolean;
}

/** A plain table of figures; numbers line up on the right. */
export function DataTable<Row>({ columns, rows, label, pick, isPicked }: Props<Row>): ReactElement {
  const textOf = (column: Column<Row>, row: Row) => column.shown?.(row) ?? String(column.cell(row) ?? "–");
  return (
    <ScrollArea.Autosize mah={{ base: "none", sm: "70vh" }} type="auto" offsetScrollbars viewportProps={{ tabIndex: 0 }}>
      <Table
        aria-label={label}
        className={columns.length > FEW ? (classes.many ?? "") : ""}
        highlightOnHover={pick !== undefined}
        fz="sm"
        stickyHeader
      >
        <Table.Thead>
          <Table.Tr>
            {columns.map((one) => (
              <Table.Th key={one.name} ta={one.numeric ? "right" : "left"}>
                {one.name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr key={index} {...(isPicked?.(row) ? { bg: "var(--mantine-primary-color-light)" } : {})}>
              {columns.map((one, place) => (
                <Table.Td
                    key={one.name}
                    data-name={one.name}
                    className={one.numeric ? "figures" : ""}
                    {...(one.numeric ? { ta: "right" as const } : {})}
                  >
                  {place === 0 && pick ? (
                    <UnstyledButton fz="sm" td="underline" title={pick.label(row)} onClick={() => pick.act(row)}>
                      {textOf(one, row)}
                    </UnstyledButton>
                  ) : (
                    textOf(one, row)
                  )}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  );
}
