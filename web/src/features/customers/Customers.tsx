import { Button, Group, Menu, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { type ReactElement, useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";

import { statusQuery, tableQuery } from "@/shared/api/queries";
import { type ColumnName, type Customer, FIRST_COLUMNS } from "@/shared/columns/columns";
import { FilterBar } from "@/shared/filters/FilterBar";
import { useFormats } from "@/shared/format/useFormats";
import { keepList } from "@/shared/ui/lastList";
import { Empty, Failure } from "@/shared/ui/States";
import { useTitle } from "@/shared/ui/useTitle";
import { words } from "@/shared/words";

import { ColumnChooser } from "./ColumnChooser";
import { ConditionChips } from "./ConditionChips";
import { CustomerGrid } from "./CustomerGrid";
import { countQuery, type Format, FORMATS, saveAll } from "./queries";
import { columnsOf, isOfAll, nextSort, type Question, questionOf, readCondition, withParameters, written } from "./question";
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
  const question = useMemo(() => questionOf(search), [search]);
  const names = useMemo(() => columnsOf(search), [search]);
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
  const { rows, error, retry, ...list } = useRows(question, asked, isFirst || table !== undefined);
  const place = JSON.stringify(question);
  const conditions = (question.where ?? []).map(readCondition);

  const change = (changes: Parameters<typeof withParameters>[1]) => {
    const text = withParameters(search, changes);
    navigate(text === "" ? "/customers" : `/customers?${text}`);
  };
  useEffect(() => keepList(search), [search]);

  return (
    <>
      <VisuallyHidden component="h1">{words.pages.customers}</VisuallyHidden>
      <FilterBar withPeriod={false} />
      <Group mb="sm" gap="xs">
        <SearchField key={question.q ?? ""} words={question.q ?? ""} onWords={(q) => change({ q })} />
        <Text size="sm" c="dimmed" className="figures" aria-live="polite">
          {count && said.found(formats.exact(count.customers))}
        </Text>
        <Group gap="xs" ml="auto">
          {table && (
            <ColumnChooser
              columns={table.columns}
              chosen={names}
              onChange={(next) => change({ columns: next?.join(",") ?? null })}
            />
          )}
          <Save question={question} columns={asked} />
        </Group>
      </Group>
      <ConditionChips
        conditions={conditions}
        onChange={(next) => change({ where: next.map(written) })}
      />
      {error && <Failure error={error} retry={retry} />}
      {error && !rows ? null : rows?.length === 0 && isOfAll(question) ? (
        <Empty title={words.states.nobodyTitle} help={words.states.nobodyHelp} />
      ) : rows?.length === 0 ? (
        <Empty
          title={said.noneTitle}
          help={said.noneHelp}
          action={
            <Button variant="default" mt="sm" onClick={() => navigate("/customers")}>
              {words.filters.clear}
            </Button>
          }
        />
      ) : (
        <CustomerGrid
          place={place}
          columns={columns}
          rows={rows ?? NONE}
          total={count?.customers ?? rows?.length ?? 0}
          sort={question.sort ?? ""}
          {...list}
          onSort={(column) => change({ sort: nextSort(question.sort ?? "", column) })}
          onCondition={(condition) => change({ where: [...conditions, condition].map(written) })}
        />
      )}
    </>
  );
}

function SearchField({ words: first, onWords }: { words: string; onWords: (words: string) => void }): ReactElement {
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
}

interface SaveProps {
  question: Question;
  columns: readonly ColumnName[];
}

function Save({ question, columns }: SaveProps): ReactElement {
  const { data: status } = useQuery(statusQuery);
  const saving = useMutation({
    mutationFn: ({ format, whole }: { format: Format; whole: boolean }) =>
      saveAll(question, format, whole ? [] : columns),
  });
  const mayNot = status?.role === "viewer";
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button
          variant="default"
          size="compact-md"
          fz="sm"
          leftSection={<IconDownload size={16} aria-hidden />}
          disabled={mayNot}
          loading={saving.isPending}
          title={mayNot ? said.mayNotExport : undefined}
        >
          {said.export}
        </Button>
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
}
