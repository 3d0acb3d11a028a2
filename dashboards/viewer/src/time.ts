// Times are milliseconds; a range is two texts as in Grafana's addresses (now-7d, now/d, milliseconds), read in the site's zone.
import { language, locale } from './texts';

export interface Span {
  from: number;
  to: number;
}

interface Parts {
  year: number;
  month: number; // 1 to 12
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(name: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name} ${zone} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(name, { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}

export function partsIn(zone: string, at: number): Parts {
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  const parts: Record<string, number> = {};
  for (const part of formatter('en-GB', zone, numeric).formatToParts(at)) parts[part.type] = Number(part.value);
  return parts as unknown as Parts;
}

// instant is the time at which clocks of the zone show these parts; of an hour that summer time leaves out, the one after it.
export function instant(zone: string, p: Parts): number {
  const wanted = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second);
  let at = wanted;
  for (let round = 0; round < 2; round++) {
    const shown = partsIn(zone, at);
    at += wanted - Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second);
  }
  return at;
}

const lengths: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

// moment reads one end of a range, or returns NaN.
export function moment(text: string, zone: string, end: boolean, now = Date.now()): number {
  if (/^\d{9,}$/.test(text)) return Number(text);
  const found = /^now((?:[+-]\d+[smhdwMy])*)(?:\/([smhdwMy]))?$/.exec(text);
  if (!found) return Date.parse(text);
  let at = now;
  for (const [, sign, count, unit] of (found[1] ?? '').matchAll(/([+-])(\d+)([smhdwMy])/g)) {
    at = moved(zone, at, Number(sign + count!), unit!);
  }
  const unit = found[2];
  if (!unit) return at;
  const start = floor(zone, at, unit);
  return end ? moved(zone, start, 1, unit) - 1 : start;
}

// moved counts days and longer units by the calendar, so that a day with 23 hours is a day.
function moved(zone: string, at: number, count: number, unit: string): number {
  if (unit === 's' || unit === 'm' || unit === 'h') return at + count * lengths[unit]!;
  const p = partsIn(zone, at);
  const rest = ((at % 1000) + 1000) % 1000;
  if (unit === 'd') p.day += count;
  if (unit === 'w') p.day += 7 * count;
  if (unit === 'M') p.month += count;
  if (unit === 'y') p.year += count;
  if (unit === 'M' || unit === 'y') p.day = Math.min(p.day, new Date(Date.UTC(p.year, p.month, 0)).getUTCDate());
  return instant(zone, p) + rest;
}

export function floor(zone: string, at: number, unit: string): number {
  const p = partsIn(zone, at);
  const zero = { hour: 0, minute: 0, second: 0 };
  switch (unit) {
    case 's':
      return at - (at % 1000);
    case 'm':
      return at - (at % 6e4);
    case 'h':
      return instant(zone, { ...p, minute: 0, second: 0 });
    case 'd':
      return instant(zone, { ...p, ...zero });
    case 'w': {
      const weekday = (new Date(Date.UTC(p.year, p.month - 1, p.day)).getUTCDay() + 6) % 7; // weeks begin on Monday
      return instant(zone, { ...p, ...zero, day: p.day - weekday });
    }
    case 'M':
      return instant(zone, { ...p, ...zero, day: 1 });
    default:
      return instant(zone, { ...p, ...zero, day: 1, month: 1 });
  }
}

// span reads a range; one that cannot be read, that ends before it begins, or that no calendar reaches, is undefined.
export function span(from: string, to: string, zone: string, now = Date.now()): Span | undefined {
  try {
    const read = { from: moment(from, zone, false, now), to: moment(to, zone, true, now) };
    return read.from >= 0 && read.from < read.to && read.to < 4e12 ? read : undefined;
  } catch {
    return undefined; // as now-999999999y
  }
}

// interval is the distance of points in seconds, as Grafana rounds it, so that about so many fit.
export function interval(range: Span, points: number, least = 60): number {
  const rough = (range.to - range.from) / 1000 / Math.max(points, 1);
  const steps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800, 2592000];
  const nice = steps.find((step) => step >= rough) ?? 2592000;
  return Math.max(nice, least);
}

// rounds are moments in a range at which clocks show something round, as many as have room.
export function rounds(range: Span, count: number, zone: string): number[] {
  const hours = [1 / 60, 1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160];
  const step = (hours.find((one) => one * lengths.h! * count >= range.to - range.from) ?? 4320) * lengths.h!;
  const at: number[] = [];
  for (let next = floor(zone, range.from, 'd'); next <= range.to; next += step) if (next >= range.from) at.push(next);
  return at;
}

// seconds reads a duration such as 30s, 5m or 1h.
export function seconds(text: string): number {
  const found = /^>?(\d+)([smhdw])$/.exec(text);
  return found ? (Number(found[1]) * lengths[found[2]!]!) / 1000 : 0;
}

export function clock(at: number, zone: string, exact = false): string {
  const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  if (exact) options.second = '2-digit';
  return formatter(exact ? 'en-GB' : 'en-CA', zone, options).format(at);
}

// Browsers know no Kazakh, so its months stand here, short as in Unicode's CLDR.
const kazakhMonths = ['қаң.', 'ақп.', 'нау.', 'сәу.', 'мам.', 'мау.', 'шіл.', 'там.', 'қыр.', 'қаз.', 'қар.', 'жел.'];

// day is a date: with words in English and Kazakh, in figures in Russian, where words would have to be bent.
export function day(at: number, zone: string): string {
  if (language() === 'kk') return `${partsIn(zone, at).year}\u00a0ж. ${dayShort(at, zone)}`;
  const figures = locale() === 'ru';
  return formatter(locale(), zone, { year: 'numeric', month: figures ? '2-digit' : 'short', day: figures ? '2-digit' : 'numeric' }).format(at);
}

// dayShort is a date without its year, for an axis.
export function dayShort(at: number, zone: string): string {
  if (language() === 'kk') {
    const { day: number, month } = partsIn(zone, at);
    return `${number}\u00a0${kazakhMonths[month - 1]}`;
  }
  const figures = locale() === 'ru';
  return formatter(`${locale()}-u-ca-gregory`, zone, { month: figures ? '2-digit' : 'short', day: figures ? '2-digit' : 'numeric' }).format(at);
}

export const dateTime = (at: number, zone: string, exact = false): string => `${day(at, zone)}, ${clock(at, zone, exact)}`;

// moments of the same day need its date only once.
export function rangeText(range: Span, zone: string): string {
  const from = day(range.from, zone);
  const to = day(range.to, zone);
  return from === to ? `${from}, ${clock(range.from, zone)}–${clock(range.to, zone)}` : `${dateTime(range.from, zone)} – ${dateTime(range.to, zone)}`;
}

// local is a moment as an input of type datetime-local has it, in the zone.
export function local(at: number, zone: string): string {
  const p = partsIn(zone, at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${p.year}-${two(p.month)}-${two(p.day)}T${two(p.hour)}:${two(p.minute)}`;
}

export function fromLocal(text: string, zone: string): number {
  const n = text.split(/\D/).map(Number);
  if (n.length < 5 || n.some(Number.isNaN)) return NaN;
  return instant(zone, { year: n[0]!, month: n[1]!, day: n[2]!, hour: n[3]!, minute: n[4]!, second: 0 });
}
