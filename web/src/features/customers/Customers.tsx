import { Group, Menu, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { memo, type ReactElement, useCallback, useDeferredValue, useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";

import { statusQuery, tableQuery } from "@/shared/api/queries";
import { type ColumnName, type Customer, FIRST_COLUMNS, heading } from "@/shared/columns/columns";
import { FilterBar } from "@/shared/filters/FilterBar";
import { useFormats } from "@/shared/format/useFormats";
import { keepList } from "@/shared/ui/lastList";
import { Empty, Failure } from "@/shared/ui/States";
import { ToolButton } from "@/shared/ui/ToolButton";
import { useTitle } from "@/shared/ui/useTitle";
import { words } from "@/shared/words";

import { ColumnChooser } from "./ColumnChooser";
import { ConditionChips } from "./ConditionChips";
import { CustomerGrid } from "./CustomerGrid";
import { countQuery, type Format, FORMATS, saveAll } from "./queries";
import {
  type Changes,
  columnsOf,
  type Condition,
  isOfAll,
  nextSort,
  type Question,
  questionOf,
  readCondition,
  withParameters,
  written,
} from "./question";
import { useRows } from "./useRows";

const said = words.explorer;
const NONE: readonly Customer[] = [];
const PAUSE = 200; // milliseconds without a key before what was typed is looked for

/** All customers: searched, narrowed and sorted by any column, however many there are. */
export function Customers(): ReactElement {
  useTitle(words.pages.customers);
  const search = useSearch();
  const [, navigate] = useLocation();
  const formats = useFormats();
  const wanted = useMemo(() => questionOf(search), [search]);
  const question = useDeferredValue(wanted); // what was pressed answers first, the rows a moment later
  const place = JSON.stringify(question);
  const conditions = (wanted.where ?? []).map(readCondition);
  const chosen = useMemo(() => columnsOf(search), [search]);
  const names = useDeferredValue(chosen);
  const { data: table } = useQuery(tableQuery("customer_360"));
  const { data: count } = useQuery({ ...countQuery(question), placeholderData: keepPreviousData });
  const columns = useMemo(
    () => names.flatMap((name) => table?.columns.find((one) => one.column === name) ?? []),
    [names, table],
  );
  const isFirst = names === FIRST_COLUMNS;
  const asked = useMemo(
    () => (isFirst ? names : columns.map((one) => one.column as ColumnName)),
    [isFirst, names, columns],
  );
  // An address may name columns that there are no more.
  const { rows, error, retry, isStale, ...list } = useRows(question, asked, isFirst || table !== undefined);
  const sort = question.sort ?? "";
  const [toldSort, setToldSort] = useState(sort); // of the rows last shown, so that readers hear of another one alone
  if (rows && !isStale && sort !== toldSort) setToldSort(sort);

  const change = useCallback(
    (changesOf: (now: Question) => Changes) => {
      const { search } = window.location; // as it is by then, so that this function never changes
      const text = withParameters(search, changesOf(questionOf(search)));
      navigate(text === "" ? "/customers" : `/customers?${text}`);
    },
    [navigate],
  );
  const find = useCallback((q: string) => change(() => ({ q })), [change]);
  const choose = useCallback(
    (next: readonly ColumnName[] | null) => change(() => ({ columns: next?.join(",") ?? null })),
    [change],
  );
  const narrow = useCallback((next: readonly Condition[]) => change(() => ({ where: next.map(written) })), [change]);
  const add = useCallback(
    (condition: Condition) => change((now) => ({ where: [...(now.where ?? []), written(condition)] })),
    [change],
  );
  const order = useCallback(
    (column: string) => change((now) => ({ sort: nextSort(now.sort ?? "", column) })),
    [change],
  );
  useEffect(() => keepList(search), [search]);

  return (
    <>
      <VisuallyHidden component="h1">{words.pages.customers}</VisuallyHidden>
      <FilterBar withPeriod={false} undo={conditions.length > 0 ? () => narrow(conditions.slice(0, -1)) : null} />
      <Group mb="sm" gap="xs">
        <SearchField key={wanted.q ?? ""} words={wanted.q ?? ""} onWords={find} />
        <Text size="sm" c="dimmed" className="figures" aria-live="polite">
          {count && said.found(formats.exact(count.customers))}
        </Text>
        <VisuallyHidden role="status">{orderOf(toldSort)}</VisuallyHidden>
        <Group gap="xs" ml="auto">
          {table && <ColumnChooser columns={table.columns} chosen={chosen} onChange={choose} />}
          <Save question={question} columns={asked} />
        </Group>
      </Group>
      <ConditionChips conditions={conditions} onChange={narrow} />
      {error && <Failure error={error} retry={retry} />}
      {error && !rows ? null : rows?.length === 0 && isOfAll(question) ? (
        <Empty title={words.states.nobodyTitle} help={words.states.nobodyHelp} />
      ) : rows?.length === 0 ? (
        <Empty
          title={said.noneTitle}
          help={said.noneHelp}
          action={
            <ToolButton mt="sm" onClick={() => navigate("/customers")}>
              {words.filters.clear}
            </ToolButton>
          }
        />
      ) : (
        <CustomerGrid
          place={place}
          columns={columns}
          rows={rows ?? NONE}
          total={count?.customers ?? rows?.length ?? 0}
          sort={wanted.sort ?? ""}
          isStale={isStale || place !== JSON.stringify(wanted)}
          {...list}
          onSort={order}
          onCondition={add}
        />
      )}
    </>
  );
}

/** Return in words by what rows are sorted. */
function orderOf(sort: string): string {
  const column = sort.replace(/^-/, "");
  return said.sorted(heading(column), column === sort);
}

interface SearchProps {
  words: string;
  onWords: (words: string) => void;
}

const SearchField = memo(function SearchField({ words: first, onWords }: SearchProps): ReactElement {
  const [typed, setTyped] = useState(first);
  const ask = useDebouncedCallback((text: string) => onWords(text), PAUSE);
  return (
    <TextInput
      w={{ base: "100%", xs: 300 }}
      size="sm"
      leftSection={<IconSearch size={16} aria-hidden />}
      placeholder={said.search}
      aria-label={said.search}
      value={typed}
      autoFocus={first !== ""}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        ask(event.currentTarget.value);
      }}
    />
  );
});

interface SaveProps {
  question: Question;
  columns: readonly ColumnName[];
}

const Save = memo(function Save({ question, columns }: SaveProps): ReactElement {
  const { data: status } = useQuery(statusQuery);
  const saving = useMutation({
    mutationFn: ({ format, whole }: { format: Format; whole: boolean }) =>
      saveAll(question, format, whole ? [] : columns),
  });
  const mayNot = status?.role === "viewer";
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ToolButton
          icon={IconDownload}
          disabled={mayNot}
          loading={saving.isPending}
          title={mayNot ? said.mayNotExport : undefined}
        >
          {said.export}
        </ToolButton>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item
            key={format}
            disabled={columns.length === 0} // none is known yet, or ever: to name none is to ask for all
            onClick={() => saving.mutate({ format, whole: false })}
          >
            {said.exportShown(said.formats[format])}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => saving.mutate({ format, whole: true })}>
            {said.exportWhole(said.formats[format])}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
});
