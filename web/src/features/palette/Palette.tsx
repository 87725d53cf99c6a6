import { Combobox, Modal, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChartBar, IconFileText, IconUser } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactElement, useEffect, useState } from "react";
import { useLocation } from "wouter";

import type { Schemas } from "@/shared/api/client";
import { meaningsQuery, searchQuery } from "@/shared/api/queries";
import { words } from "@/shared/words";

const PAUSE = 120; // milliseconds without a key before customers are looked for
const PAGES = [
  { name: words.pages.overview, to: "/" },
  { name: words.pages.customers, to: "/customers" },
  { name: words.pages.data, to: "/data" },
  ...Object.entries(words.data.parts).map(([part, name]) => ({
    name: `${words.pages.data}: ${name}`,
    to: `/data/${part}`,
  })),
];

/** What the overview calls its figures; others have no card to jump to. */
const TITLES: Partial<Record<string, string>> = words.cards.titles;

/** Jumps to a page, a figure or a customer by a few letters. */
export function Palette({ onClose }: { onClose: () => void }): ReactElement {
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed, PAUSE);
  const combobox = useCombobox({ opened: true, onDropdownClose: onClose }); // Enter does nothing where it is closed
  const { data: meanings } = useQuery(meaningsQuery);
  const { data: found, isPlaceholderData } = useQuery({ ...searchQuery(asked), placeholderData: keepPreviousData });

  const fits = (text: string) => text.toLowerCase().includes(typed.trim().toLowerCase());
  const isFormer = asked !== typed || isPlaceholderData; // found by fewer letters than there are by now
  const fitsEach = (one: Schemas["Found"]) => {
    const text = Object.values(one).join(" ").toLowerCase();
    return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  };
  const pages = PAGES.filter((one) => fits(one.name));
  const figures = (meanings?.metrics ?? []).flatMap((one) => {
    const title = TITLES[one.name];
    return title !== undefined && [title, one.title, one.name].some(fits) ? [{ ...one, title }] : [];
  });
  const customers = typed.trim() === "" ? [] : (found?.rows ?? []).filter((one) => !isFormer || fitsEach(one));
  const isEmpty = pages.length + figures.length + customers.length === 0;

  const offered = [...customers.map((one) => one.customer_id), ...pages.map((one) => one.to), ...figures.map((one) => one.name)];
  useEffect(() => {
    combobox.selectFirstOption();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the store is made anew each time, but is always the same
  }, [offered.join(" ")]);

  return (
    <Modal opened onClose={onClose} withCloseButton={false} size="lg" padding="xs" aria-label={words.find}>
      <Combobox
        store={combobox}
        onOptionSubmit={(to) => {
          onClose();
          navigate(to);
        }}
      >
        <Combobox.EventsTarget>
          <TextInput
            size="md"
            aria-label={words.find}
            placeholder={words.find}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            onKeyDownCapture={(event) => {
              const isOfCustomer = combobox.getSelectedOptionIndex() < customers.length;
              if (event.key === "Enter" && isFormer && isOfCustomer) event.stopPropagation(); // it may be somebody else
            }}
            data-autofocus
          />
        </Combobox.EventsTarget>
        <Combobox.Options aria-label={words.find} aria-busy={isFormer} tabIndex={0} mt="xs" mah="60vh" style={{ overflowY: "auto" }}>
          {isEmpty && <Combobox.Empty>{words.nothingFound}</Combobox.Empty>}
          {customers.length > 0 && (
            <Combobox.Group label={words.foundCustomers}>
              {customers.map((one) => (
                <Combobox.Option key={one.customer_id} value={`/customers/${encodeURIComponent(one.customer_id)}`}>
                  <Line
                    icon={<IconUser size={16} aria-hidden />}
                    name={[one.first_name, one.last_name].filter(Boolean).join(" ") || one.customer_id}
                    more={[one.customer_id, one.email].filter(Boolean).join(" · ")}
                  />
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
          {pages.length > 0 && (
            <Combobox.Group label={words.foundPages}>
              {pages.map((one) => (
                <Combobox.Option key={one.to} value={one.to}>
                  <Line icon={<IconFileText size={16} aria-hidden />} name={one.name} />
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
          {figures.length > 0 && (
            <Combobox.Group label={words.foundFigures}>
              {figures.map((one) => (
                <Combobox.Option key={one.name} value={`/?figure=${one.name}`}>
                  <Line icon={<IconChartBar size={16} aria-hidden />} name={one.title} more={one.meaning} />
                </Combobox.Option>
              ))}
            </Combobox.Group>
          )}
        </Combobox.Options>
      </Combobox>
    </Modal>
  );
}

function Line({ icon, name, more }: { icon: ReactElement; name: string; more?: string }): ReactElement {
  return (
    <div style={{ display: "flex", alignItems: "center", gap: 8, minWidth: 0 }}>
      <span style={{ flex: "none", display: "flex" }}>{icon}</span>
      <Text component="span" fz="inherit" c="inherit" truncate maw={more ? "65%" : "100%"} style={{ flex: "none" }} dir="auto">
        {name}
      </Text>
      {more && (
        <Text component="span" fz={12} c="inherit" truncate>
          {more}
        </Text>
      )}
    </div>
  );
}
