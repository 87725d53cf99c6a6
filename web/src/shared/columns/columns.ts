/** Which columns of customer_360 pages show, and how a value of each looks. */
import type { Schemas } from "@/shared/api/client";
import type { Formats } from "@/shared/format/format";
import { words } from "@/shared/words";

/** A customer with the columns that were asked for. */
export type Customer = Schemas["ListedCustomer"];
export type ColumnName = keyof Customer;
export type Column = Schemas["ColumnMeaning"];

/** Shown until others are chosen. */
export const FIRST_COLUMNS: readonly ColumnName[] = [
  "customer_id",
  "first_name",
  "last_name",
  "email",
  "customer_segment",
  "rfm_segment",
  "total_lifetime_value",
  "total_purchases",
  "last_purchase_date",
  "churn_risk_score",
  "favorite_product_category",
  "preferred_marketing_channel",
];

const NUMBERS = ["BIGINT", "INT", "INTEGER", "DOUBLE", "DECIMAL"];

/** Columns whose numbers have a word each. */
const WORDS: Partial<Record<string, Readonly<Record<string, string>>>> = { churn_risk_score: words.risk };

/** Tell whether a column holds numbers that count or measure something. */
export function isNumeric(column: Column): boolean {
  return column.column !== "customer_id" && NUMBERS.includes(column.type.replace(/\(.*/, ""));
}

/** Return a column's name as people read it. */
export function heading(name: string): string {
  const known = words.columns[name];
  if (known !== undefined) return known;
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const WIDTHS: Partial<Record<string, number>> = { customer_id: 112, email: 232, rfm_segment: 168, customer_segment: 144, first_name: 124, last_name: 148 };

/** Return how wide a column is at least, in pixels. */
export function widthOf(column: Column): number {
  return WIDTHS[column.column] ?? (isNumeric(column) || column.type === "DATE" ? 136 : 168);
}

/** Return how a value looks. */
export function shown(column: Column, value: Customer[ColumnName], formats: Formats): string {
  if (typeof value === "number") return withWord(column.column, value, formats.exact(value, column.unit));
  if (column.type === "DATE" && typeof value === "string" && /^\d{4}-/.test(value)) return formats.day(value);
  return value ?? "–";
}

/** Return how a value of a column looks, `text`, with the word that stands for the value, where there is one. */
export function withWord(name: string, value: unknown, text: string): string {
  const word = WORDS[name]?.[String(value)];
  return word === undefined ? text : `${text} · ${word}`;
}

/** Tell whether a column's values line up on the right. */
export function isOnTheRight(column: Column): boolean {
  return isNumeric(column) && !(column.column in WORDS);
}
