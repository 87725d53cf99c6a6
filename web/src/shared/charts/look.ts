/** The colours of charts and chips, told apart by colour-blind people too, for light and dark. */
import { useComputedColorScheme } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import { useMemo } from "react";

import type { Look } from "./option";

// Observable 10, with a darker and a lighter stand-in where its own is too near to the page.
const NAMED: Record<string, [light: string, dark: string]> = {
  "High Value": ["#4269d0", "#6f93f5"],
  "Medium Value": ["#3aa692", "#6cc5b0"],
  "Low Value": ["#97a3bd", "#7d889f"],
  Champions: ["#4269d0", "#6f93f5"],
  "Loyal Customers": ["#3aa692", "#6cc5b0"],
  "Potential Loyalists": ["#3ca951", "#57c46b"],
  "New Customers": ["#6aa3f0", "#97bbf5"],
  Promising: ["#a463f2", "#b98af5"],
  "Need Attention": ["#d99a06", "#efb118"],
  "About to Sleep": ["#9c6b4e", "#bd8b6c"],
  "At Risk": ["#f0603f", "#ff725c"],
  "Can't Lose Them": ["#d63d8b", "#ff8ab7"],
  Hibernating: ["#8b909c", "#9498a0"],
  "No Purchases": ["#c3c7cf", "#5b616d"],
};
const RISK: Record<"light" | "dark", Look["ordered"]> = {
  light: ["#f3d5a2", "#eeb062", "#dd8435", "#b9551c", "#83300f"],
  dark: ["#59462f", "#8a5f2c", "#c07a2c", "#ee9d4d", "#ffd0a0"],
};

/** Return how charts look in a scheme. */
export function lookOf(scheme: "light" | "dark", moving: boolean): Look {
  const dark = scheme === "dark";
  return {
    text: dark ? "#e6e8ec" : "#1c2128",
    dim: dark ? "#9aa3b0" : "#5d6673",
    line: dark ? "#2c323b" : "#e3e6ea",
    surface: dark ? "#191d23" : "#ffffff",
    accent: dark ? "#7ba1ff" : "#2f5fd0",
    ordered: RISK[scheme],
    of: (value) => NAMED[value]?.[dark ? 1 : 0] ?? (dark ? "#7d889f" : "#97a3bd"),
    moving,
  };
}

/** Return how charts look in the scheme that is shown. */
export function useLook(): Look {
  const scheme = useComputedColorScheme("light");
  const still = useReducedMotion();
  return useMemo(() => lookOf(scheme, !still), [scheme, still]);
}
