import { createTheme, type CSSVariablesResolver, type MantineColorsTuple, Modal, SegmentedControl } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef3ff",
  "#dbe5fd",
  "#b5c9f8",
  "#8caaf3",
  "#6a90ee",
  "#4570db",
  "#2f5fd0",
  "#2750b3",
  "#1f4294",
  "#173374",
];

const dark: MantineColorsTuple = [
  "#e6e8ec",
  "#c5cbd4",
  "#9aa3b0",
  "#8a94a2",
  "#3a424d",
  "#2c323b",
  "#22272f",
  "#191d23",
  "#121519",
  "#0c0e11",
];

/** Quiet surfaces, one accent, tabular figures. */
export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 5 },
  colors: { accent, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontWeight: "600" },
  defaultRadius: "sm",
  radius: { sm: "6px", md: "8px" },
  autoContrast: true,
  cursorType: "pointer",
  respectReducedMotion: true,
  breakpoints: { xs: "37.5em" }, // 600 pixels, from where on it is no phone, as in the style sheets
  components: {
    Modal: Modal.extend({ defaultProps: { removeScrollProps: { removeScrollBar: false } } }),
    SegmentedControl: SegmentedControl.extend({ styles: { indicator: { boxShadow: "none" } } }),
  },
});

/** Colours with enough contrast for small text, in both schemes. */
export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f7f8fa",
    "--mantine-color-dimmed": "#5a6370",
    "--mantine-color-text": "#1c2128",
    "--mantine-color-placeholder": "#6a7380",
    "--mantine-color-default-border": "#e3e6ea",
    "--page-line": "#e3e6ea",
    "--page-card": "#ffffff",
    "--page-link": "#2750b3",
  },
  dark: {
    "--mantine-color-body": "#121519",
    "--mantine-color-dimmed": "#9aa3b0",
    "--mantine-color-text": "#e6e8ec",
    "--mantine-color-placeholder": "#8a94a2",
    "--mantine-color-default": "#191d23",
    "--mantine-color-default-border": "#2c323b",
    "--page-line": "#2c323b",
    "--page-card": "#191d23",
    "--page-link": "#8caaf3",
  },
});
