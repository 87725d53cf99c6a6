/** How values look: by a metric's or a column's unit, in one place. */
export type Unit = "customers" | "money" | "rate" | "points" | "answers" | "percent" | "days" | "pages" | "seconds";

export const NONE = "–";

export interface Formats {
  /** A value short: 1.24M. */
  short(value: number | null | undefined, unit?: string | null): string;
  /** A value in full: 1,240,000. */
  exact(value: number | null | undefined, unit?: string | null): string;
  /** A share of 0 to 1 as a percentage. */
  share(value: number | null | undefined): string;
  /** A day such as 2025-06-30. */
  day(value: string | null | undefined): string;
  /** Two days and all between them. */
  span(from: string, to: string): string;
  /** The month of a day. */
  month(value: string, long?: boolean): string;
  /** A moment with its time. */
  moment(value: string): string;
  /** How long a moment is ago. */
  ago(value: string, now?: number): string;
}

const AGES: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

const utc = (day: string) => new Date(`${day}T00:00:00Z`);

/** Return the locale that a browser's language names; English where no formatter takes it, such as en-US@posix. */
export function localeOf(language: string): string {
  try {
    return new Intl.Locale(language).toString();
  } catch {
    return "en";
  }
}

/** Return the formats of a locale and a currency. */
export function formats(locale: string, currency: string): Formats {
  const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
  const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const compact = { notation: "compact", maximumSignificantDigits: 3 } as const;
  const one = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const two = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const plain = number({ maximumFractionDigits: 2 });
  const percent = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const money = number({ style: "currency", currency });
  const shortMoney = number({ style: "currency", currency, ...compact });
  const short = number(compact);
  const days = date({ dateStyle: "medium", timeZone: "UTC" });
  const months = date({ month: "short", year: "numeric", timeZone: "UTC" });
  const longMonths = date({ month: "long", year: "numeric", timeZone: "UTC" });
  const moments = date({ dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

  function exact(value: number | null | undefined, unit?: string | null): string {
    if (value === null || value === undefined) return NONE;
    if (unit === "money") return money.format(value);
    if (unit === "rate") return percent.format(value);
    if (unit === "percent") return percent.format(value / 100);
    if (unit === "points") return Number.isInteger(value) ? plain.format(value) : two.format(value);
    if (unit === "pages" || unit === "seconds") return one.format(value);
    return plain.format(value);
  }

  return {
    exact,
    short(value, unit) {
      if (value === null || value === undefined) return NONE;
      if (unit === "money") return Math.abs(value) < 1_000 && !Number.isInteger(value) ? money.format(value) : shortMoney.format(value);
      const counted = unit === "customers" || unit === "answers" || !unit;
      return counted && Math.abs(value) >= 10_000 ? short.format(value) : exact(value, unit);
    },
    share: (value) => exact(value, "rate"),
    day: (value) => (value ? days.format(utc(value.slice(0, 10))) : NONE),
    span: (from, to) => days.formatRange(utc(from), utc(to)).replaceAll("\u2009", " "),
    month: (value, long = false) => (long ? longMonths : months).format(utc(value)),
    moment: (value) => moments.format(new Date(value)),
    ago(value, now = Date.now()) {
      const seconds = (new Date(value).getTime() - now) / 1000;
      const [unit, size] = AGES.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
      return relative.format(Math.round(seconds / size), unit);
    },
  };
}
