/** What stands where there is nothing to show: why, and what to do. */
import { Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconSeedling } from "@tabler/icons-react";
import { type ReactElement, type ReactNode, useState } from "react";

import { ApiError } from "@/shared/api/client";
import { words } from "@/shared/words";

import { ToolButton } from "./ToolButton";

const said = words.states;

function State({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }): ReactElement {
  return (
    <Center mih={280} p="md">
      <Stack align="center" gap="xs" maw={520} ta="center">
        {icon}
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Center>
  );
}

/** A request that failed: what the server said, and a way to ask again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }): ReactElement {
  const known = error instanceof ApiError ? error : null;
  if (known?.problem === "not-ready") return <FirstRun />;
  if (known?.status === 403) return <Forbidden detail={known.message} />;
  const detail = known?.message ?? "";
  return (
    <div role="alert">
      <State icon={<IconAlertTriangle aria-hidden />} title={said.failed}>
        <Text size="sm">{detail || (known?.status === 0 ? said.offline : said.unknown)}</Text>
        <Text size="sm" c="dimmed">
          {said.rest}
        </Text>
        {retry && (
          <ToolButton onClick={retry}>{words.retry}</ToolButton>
        )}
      </State>
    </div>
  );
}

/** Nothing fits: why, and what to do next. */
export function Empty({ title, help, action }: { title: string; help: string; action?: ReactNode }): ReactElement {
  return (
    <Center mih={160} p="md">
      <Stack align="center" gap={4} ta="center">
        <Text fw={600}>{title}</Text>
        <Text size="sm" c="dimmed">
          {help}
        </Text>
        {action}
      </Stack>
    </Center>
  );
}

function Forbidden({ detail }: { detail: string }): ReactElement {
  return (
    <State icon={<IconLock aria-hidden />} title={said.forbiddenTitle}>
      <Text size="sm">{detail}</Text>
      <Text size="sm" c="dimmed">
        {said.forbiddenHelp}
      </Text>
    </State>
  );
}

/** Before the first build: what to do. */
export function FirstRun(): ReactElement {
  const steps = [
    [said.firstSample, "patron sample --customers 10000"],
    [said.firstLoad, "patron load FOLDER"],
    [said.firstBuild, "patron build && patron serve"],
  ] as const;
  return (
    <State icon={<IconSeedling aria-hidden />} title={said.firstTitle}>
      <Text size="sm">{said.firstHelp}</Text>
      {steps.map(([why, command]) => (
        <Stack key={command} gap={2} w="100%">
          <Text size="sm" c="dimmed">
            {why}
          </Text>
          <Code block>{command}</Code>
        </Stack>
      ))}
    </State>
  );
}

/** Asks for a key where the server wants one. */
export function SignIn({ wrong, onKey }: { wrong: boolean; onKey: (key: string) => void }): ReactElement {
  const [key, setKey] = useState("");
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="lg" maw={440} w="100%">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (key.trim() !== "") onKey(key.trim());
          }}
        >
          <Stack>
            <Title order={1} size="h3">
              {said.signInTitle}
            </Title>
            <Text size="sm">{said.signInHelp}</Text>
            <PasswordInput
              label={said.key}
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
              error={wrong ? said.wrongKey : undefined}
              autoComplete="off"
              data-autofocus
            />
            <Button type="submit">{said.signIn}</Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
