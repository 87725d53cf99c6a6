import { ActionIcon, Group, Kbd, Modal, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import {
  IconDatabase,
  IconLayoutDashboard,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUsers,
} from "@tabler/icons-react";
import { lazy, type ReactElement, type ReactNode, Suspense, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";

import { forgetKey, keyInUse } from "@/shared/api/credentials";
import { filtersOnly } from "@/shared/filters/filters";
import { ToolButton } from "@/shared/ui/ToolButton";
import { words } from "@/shared/words";

import { Banners } from "./Banners";
import { Boundary } from "./Boundary";
import classes from "./Shell.module.css";

const palette = () => import("@/features/palette/Palette").then((one) => ({ default: one.Palette }));
const Palette = lazy(palette);
const AT_REST = 1500; // milliseconds after which the first view is there

const PAGES = [
  { path: "/", name: words.pages.overview, icon: IconLayoutDashboard },
  { path: "/customers", name: words.pages.customers, icon: IconUsers },
  { path: "/data", name: words.pages.data, icon: IconDatabase },
] as const;

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** What every page stands in: the header, the rail and the banners. */
export function Shell({ children }: { children: ReactNode }): ReactElement {
  const [finding, setFinding] = useState(false);
  const leaveFinding = () => setFinding(false);
  const [path] = useLocation();
  useEffect(() => {
    // Who presses its keys types on at once: its code is there by then. Where it did not come, opening it says so and
    // offers to load the page anew, without which some browsers ask for no code again that once did not come.
    const later = window.setTimeout(() => void palette().catch(() => null), AT_REST);
    return () => window.clearTimeout(later);
  }, []);
  useHotkeys([["mod+K", () => setFinding(true)]], []);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        {words.skip}
      </a>
      <header className={classes.header}>
        <Link href="/" className={classes.brand ?? ""}>
          <img src="/favicon.svg" alt="" width={24} height={24} />
          {words.product}
        </Link>
        <Group gap="xs" wrap="nowrap">
          <ToolButton
            icon={IconSearch}
            rightSection={<Kbd className={classes.words ?? ""}>{IS_MAC ? words.findKeysOfMac : words.findKeys}</Kbd>}
            onClick={() => setFinding(true)}
          >
            {words.findShort}
          </ToolButton>
          <SchemeSwitch />
          {keyInUse() !== null && <SignOut />}
        </Group>
      </header>
      <Rail />
      <Arrival page={path.startsWith("/data") ? "/data" : path /* its parts are tabs of one page */} />
      <main id="main" className={`${classes.main} ${path === "/customers" ? classes.wide : ""}`} tabIndex={-1}>
        <Banners />
        {children}
      </main>
      {finding && (
        <Boundary
          place={path}
          frame={(failure) => (
            <Modal opened onClose={leaveFinding} title={words.find} closeButtonProps={{ "aria-label": words.close }}>
              {failure}
            </Modal>
          )}
        >
          <Suspense>
            <Palette onClose={leaveFinding} />
          </Suspense>
        </Boundary>
      )}
    </div>
  );
}

/** Begin another page at its top and with its own focus, as if it had been loaded; on the way back the browser knows where. */
function Arrival({ page }: { page: string }): null {
  const shown = useRef(page);
  const isBack = useRef(false);
  const search = useSearch();
  useLayoutEffect(() => {
    const back = () => (isBack.current = true); // heard before the pages hear of it, which are drawn at once
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  useEffect(() => {
    const arrived = shown.current !== page;
    const wasBack = isBack.current;
    isBack.current = false; // also where only the filters went back
    if (!arrived) return;
    shown.current = page;
    if (!wasBack) window.scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [page, search]);
  return null;
}

function Rail(): ReactElement {
  const [path] = useLocation();
  const kept = filtersOnly(useSearch());
  return (
    <nav className={classes.rail} aria-label={words.navigation}>
      {PAGES.map(({ path: to, name, icon: Icon }) => {
        const here = to === "/" ? path === "/" : path.startsWith(to);
        return (
          <Link
            key={to}
            href={kept ? `${to}?${kept}` : to}
            className={classes.link ?? ""}
            aria-current={here ? "page" : undefined}
          >
            <Icon size={20} stroke={1.6} aria-hidden />
            {name}
          </Link>
        );
      })}
    </nav>
  );
}

function SchemeSwitch(): ReactElement {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? words.theme.toLight : words.theme.toDark;
  return (
    <ActionIcon variant="default" size="md" aria-label={label} onClick={() => setColorScheme(dark ? "light" : "dark")}>
      {dark ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}
    </ActionIcon>
  );
}

function SignOut(): ReactElement {
  return (
    <ActionIcon
      variant="default"
      size="md"
      aria-label={words.signOut}
      onClick={() => {
        forgetKey();
        window.location.reload();
      }}
    >
      <IconLogout size={16} aria-hidden />
    </ActionIcon>
  );
}
