/** What the explorer is asked, and how that stands in the address beside the filters. */
import type { operations } from "@/shared/api/schema";
import type { ColumnName } from "@/shared/columns/columns";
import { FIRST_COLUMNS } from "@/shared/columns/columns";
import { DIMENSIONS, parseFilters } from "@/shared/filters/filters";

export type Question = Omit<NonNullable<operations["list_customers"]["parameters"]["query"]>, "columns" | "cursor" | "limit">;

/** A condition on a column: its operator, and its value where the operator takes one. */
export interface Condition {
  column: string;
  operator: Operator;
  value: string;
}

export const OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge", "contains", "starts", "missing", "present"] as const;
export type Operator = (typeof OPERATORS)[number];
export const FIRST_SORT = "-total_lifetime_value";

/** Return what an address asks for; the period is left out, since customers are as they stand. */
export function questionOf(search: string): Question {
  const parameters = new URLSearchParams(search);
  const filters = parseFilters(search);
  const question: Question = { sort: parameters.get("sort") ?? FIRST_SORT };
  for (const name of DIMENSIONS) if (filters[name]) Object.assign(question, { [name]: filters[name] });
  const where = parameters.getAll("where");
  if (where.length > 0) question.where = where;
  const words = parameters.get("q");
  if (words) question.q = words;
  return question;
}

/** Tell whether a question narrows nothing: it may only say how to sort. */
export function isOfAll({ sort: _, ...narrowing }: Question): boolean {
  return Object.keys(narrowing).length === 0;
}

/** Return the columns that an address shows. */
export function columnsOf(search: string): readonly ColumnName[] {
  const named = new URLSearchParams(search).get("columns");
  return named ? (named.split(",") as ColumnName[]) : FIRST_COLUMNS;
}

/** Parameters of an address; null takes one away. */
export type Changes = Readonly<Record<string, string | readonly string[] | null>>;

/** Return an address's search part with parameters put in place of those of the same name. */
export function withParameters(search: string, changes: Changes): string {
  const parameters = new URLSearchParams(search);
  for (const [name, given] of Object.entries(changes)) {
    parameters.delete(name);
    if (given === null || given === "") continue;
    for (const value of typeof given === "string" ? [given] : given) parameters.append(name, value);
  }
  return parameters.toString();
}

/** Return a condition as the API takes it. */
export function written({ column, operator, value }: Condition): string {
  return takesValue(operator) ? `${column}:${operator}:${value}` : `${column}:${operator}`;
}

/** Return a condition from what an address says. */
export function readCondition(text: string): Condition {
  const [column = "", operator = "eq", ...value] = text.split(":");
  return { column, operator: operator as Operator, value: value.join(":") };
}

export function takesValue(operator: Operator): boolean {
  return operator !== "missing" && operator !== "present";
}

/** Return the order after a press on a column's heading: the highest first, the lowest first, then as at the start. */
export function nextSort(sort: string, column: string): string | null {
  if (sort === `-${column}`) return column;
  return sort === column ? null : `-${column}`;
}
