/**
 * Dates as Online Retail exports write them: `2010-12-01 08:26:00` and its ISO relatives, and the month-first
 * `12/1/2010 8:26` of the original, with two-digit years and AM or PM as spreadsheets add them.
 *
 * A time without a zone is read as UTC: the shop's own zone is not in the data. A date whose month is above
 * 12 is refused, not turned round: in a file where days come first, its neighbours would be wrong unseen.
 */

const time = String.raw`(?:[T ]+(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.\d+)?)?(?: ?(?<half>[AaPp])[Mm])?)?`;
const isoShape = new RegExp(
  String.raw`^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})${time}(?<zone>Z|[+-]\d{2}:?\d{2})?$`,
);
const slashShape = new RegExp(String.raw`^(?<month>\d{1,2})/(?<day>\d{1,2})/(?<year>\d{4}|\d{2})${time}$`);

/** A reader that remembers its last date, which is mostly the next one too: an invoice's lines share theirs. */
export function createInvoiceDates(): typeof parseInvoiceDate {
  let lastText: string | undefined;
  let lastDate: string | undefined;
  return (text) => {
    if (text !== lastText) {
      lastText = text;
      lastDate = parseInvoiceDate(text);
    }
    return lastDate;
  };
}

/** RFC 3339 in UTC, to the second, which also sorts as text; undefined where it is no such date. */
export function parseInvoiceDate(text: string): string | undefined {
  const groups = (isoShape.exec(text) ?? slashShape.exec(text))?.groups;
  if (groups === undefined) return undefined;
  const { year = "", month, day, hour = "0", minute = "0", second = "0", half, zone } = groups;
  const hours = half === undefined ? Number(hour) : hourOfHalf(Number(hour), half);
  if (hours === undefined || hours > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const fullYear = year.length === 2 ? 2000 + Number(year) : Number(year);
  const midnight = Date.UTC(fullYear, Number(month) - 1, Number(day));
  const date = new Date(midnight);
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const seconds = hours * 3600 + Number(minute) * 60 + Number(second) - zoneSeconds(zone);
  return new Date(midnight + seconds * 1000).toISOString().replace(".000Z", "Z");
}

function hourOfHalf(hour: number, half: string): number | undefined {
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}

function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const digits = zone.replace(":", "");
  const seconds = Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3, 5)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}
