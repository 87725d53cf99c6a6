/** What all figures are narrowed by, and how that stands in the address. */
import type { operations } from "@/shared/api/schema";

/** Customer filters and a period, just as the API takes them. */
export type Filters = NonNullable<operations["get_dashboard"]["parameters"]["query"]>;
export type Dimension = Exclude<keyof Filters, "from" | "to">;
/** Puts other filters in the place of those that the address has by then. */
export type Narrow = (next: Filters | ((now: Filters) => Filters)) => void;
export type CustomerFilters = Pick<Filters, Dimension>;

export const DIMENSIONS = [
  "customer_segment",
  "rfm_segment",
  "churn_risk_score",
  "favorite_product_category",
  "preferred_marketing_channel",
] as const satisfies readonly Dimension[];

/** What the API calls the value of customers without one. */
export const UNKNOWN = "Unknown";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Return the filters that an address's search part holds; what is no filter is left out. */
export function parseFilters(search: string): Filters {
  const parameters = new URLSearchParams(search);
  const found: Record<string, string[] | string> = {};
  for (const name of DIMENSIONS) {
    const values = [...new Set(parameters.getAll(name))];
    if (values.length > 0) found[name] = values;
  }
  for (const end of ["from", "to"]) {
    const day = parameters.get(end);
    if (day !== null && isDay(day)) found[end] = day;
  }
  return found; // the API says so where a value is none of its own
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return DAY.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text); // no 30th of February
}

/** Return an address's search part with these filters in place of those it had; all else stays. */
export function withFilters(search: string, filters: Filters): string {
  const parameters = new URLSearchParams(search);
  for (const name of [...DIMENSIONS, "from", "to"] as const) {
    parameters.delete(name);
    const given = filters[name];
    if (given === undefined || given === null) continue;
    for (const value of typeof given === "string" ? [given] : given) parameters.append(name, value);
  }
  return parameters.toString();
}

/** Return the filters' part of an address's search alone, as what other pages are opened with. */
export function filtersOnly(search: string): string {
  return withFilters("", parseFilters(search));
}

/** Return the values that a dimension is narrowed to. */
export function chosen(filters: Filters, dimension: Dimension): readonly string[] {
  return filters[dimension] ?? [];
}

/** Return filters with a value added to a dimension, or taken away where it was there. */
export function toggled(filters: Filters, dimension: Dimension, value: string): Filters {
  const values = chosen(filters, dimension);
  const left = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
  return narrowed(filters, dimension, left);
}

/** Return filters with these values in one dimension. */
export function narrowed(filters: Filters, dimension: Dimension, values: readonly string[]): Filters {
  const { [dimension]: _, ...others } = filters;
  return values.length === 0 ? others : ({ ...others, [dimension]: values });
}

/** Return filters with another period; without ends, it is all time. */
export function during(filters: Filters, from?: string, to?: string): Filters {
  const { from: _, to: __, ...others } = filters;
  return { ...others, ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

/** Tell whether nothing narrows. */
export function isEverything(filters: Filters): boolean {
  return Object.keys(filters).length === 0;
}

/**
 * Tell whether a figure was narrowed by other filters than those that are wanted.
 *
 * `own` is a dimension that the figure shows whole, whatever is chosen of it; days count for figures of a period alone.
 */
export function isOfOthers(
  figure: Readonly<Record<string, unknown>>,
  wanted: Filters,
  own: Dimension | "period" | null,
  hasPeriod: boolean,
): boolean {
  const differs = (name: keyof Filters) => values(figure[name]).join("\n") !== values(wanted[name]).join("\n");
  if (DIMENSIONS.some((name) => name !== own && differs(name))) return true;
  return hasPeriod && own !== "period" && (differs("from") || differs("to"));
}

function values(given: unknown): string[] {
  if (given === undefined || given === null) return [];
  return (Array.isArray(given) ? given : [given]).map(String).sort();
}
