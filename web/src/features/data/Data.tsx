import { Tabs, Title } from "@mantine/core";
import type { ReactElement } from "react";
import { useLocation } from "wouter";

import { useTitle } from "@/shared/ui/useTitle";
import { words } from "@/shared/words";

import { Builds } from "./Builds";
import { Dictionary } from "./Dictionary";
import { Loads } from "./Loads";
import { Quarantine } from "./Quarantine";

const said = words.data;
const PARTS = { builds: Builds, loads: Loads, quarantine: Quarantine, dictionary: Dictionary };
type Part = keyof typeof PARTS;

/** Where the figures come from: builds, loads, what was refused, and what every column means. */
export function Data({ part }: { part: string | undefined }): ReactElement {
  useTitle(words.pages.data);
  const [, navigate] = useLocation();
  const shown: Part = part !== undefined && part in PARTS ? (part as Part) : "builds";
  return (
    <>
      <Title order={1} size="h3" my="md">
        {words.pages.data}
      </Title>
      <Tabs value={shown} onChange={(next) => navigate(`/data/${next ?? ""}`)} keepMounted={false}>
        <Tabs.List mb="md">
          {Object.entries(said.parts).map(([name, title]) => (
            <Tabs.Tab key={name} value={name}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(PARTS).map(([name, Shown]) => (
          <Tabs.Panel key={name} value={name}>
            <Shown />
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
