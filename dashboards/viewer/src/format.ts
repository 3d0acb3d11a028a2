// Numbers are written by Intl in the chosen language; names of units are the catalogue's.
import { clock, dateTime } from './time';
import { locale, t } from './texts';

const formats = new Map<string, Intl.NumberFormat>();

function write(value: number, options: Intl.NumberFormatOptions): string {
  const key = locale() + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale(), options);
    formats.set(key, format);
  }
  return format.format(value);
}

// number writes as many decimals as asked, or as many as say something.
export function number(value: number, decimals?: number | null): string {
  if (decimals !== undefined && decimals !== null) return write(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const size = Math.abs(value);
  return write(value, { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3 });
}

// Spaces within a number and its unit must not break.
const glue = '\u00a0';

function short(value: number, decimals: number | null | undefined, compact: boolean): string {
  const size = Math.abs(value);
  const few = (scaled: number) => number(scaled, decimals ?? (compact ? undefined : 2));
  if (size >= 1e9) return few(value / 1e9) + glue + t('unit.billion');
  if (size >= 1e6) return few(value / 1e6) + glue + t('unit.million');
  if (compact && size >= 1e4) return few(value / 1e3) + glue + t('unit.thousand');
  return number(value, Number.isInteger(value) ? 0 : decimals);
}

function duration(milliseconds: number, decimals?: number | null): string {
  const size = Math.abs(milliseconds);
  const one = (value: number, unit: string) => number(value, decimals) + glue + unit;
  if (size < 1000) return one(milliseconds, t('unit.ms'));
  if (size < 6e4) return one(milliseconds / 1e3, t('unit.s'));
  if (size < 36e5) return one(milliseconds / 6e4, t('unit.min'));
  if (size < 1728e5) return one(milliseconds / 36e5, t('unit.h'));
  return one(milliseconds / 864e5, t('unit.d'));
}

function bytes(value: number, base: number, decimals?: number | null): string {
  const units = base === 1024 ? ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] : ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let at = 0;
  while (Math.abs(value) >= base && at < units.length - 1) {
    value /= base;
    at++;
  }
  return number(value, at === 0 ? 0 : decimals) + glue + units[at];
}

export interface Shape {
  unit?: string | undefined;
  decimals?: number | null | undefined;
  compact?: boolean; // on an axis, where there is little room
  zone: string;
}

// format writes a value in one of Grafana's units.
export function format(value: number, { unit = 'short', decimals, compact = false, zone }: Shape): string {
  const colon = unit.indexOf(':');
  const kind = colon < 0 ? unit : unit.slice(0, colon);
  const rest = colon < 0 ? '' : unit.slice(colon + 1);
  switch (kind) {
    case 'short':
      return short(value, decimals, compact);
    case 'percent':
      return number(value, decimals) + glue + '%';
    case 'percentunit':
      return number(value * 100, decimals) + glue + '%';
    case 'ms':
      return duration(value, decimals);
    case 's':
      return duration(value * 1e3, decimals);
    case 'm':
      return duration(value * 6e4, decimals);
    case 'h':
      return duration(value * 36e5, decimals);
    case 'd':
      return duration(value * 864e5, decimals);
    case 'bytes':
      return bytes(value, 1024, decimals);
    case 'decbytes':
      return bytes(value, 1000, decimals);
    case 'reqps':
      return number(value, decimals) + glue + t('unit.reqps');
    case 'dateTimeAsIso':
      return dateTime(value, zone);
    case 'time':
      return clock(value, zone);
    case 'currency':
      return money(value, rest, decimals);
    case 'suffix':
      return short(value, decimals, compact) + glue + rest.trim();
    case 'prefix':
      return rest + short(value, decimals, compact);
    case 'none':
      return compact ? short(value, decimals, true) : write(value, { maximumFractionDigits: decimals ?? 3, useGrouping: false }); // a number that is a name
    default:
      return compact && Math.abs(value) >= 1e4 ? short(value, decimals, true) : number(value, Number.isInteger(value) ? 0 : decimals);
  }
}

// money takes an ISO code; anything else is a sign to put before the number, as Grafana does.
function money(value: number, code: string, decimals?: number | null): string {
  if (!/^[A-Z]{3}$/.test(code)) return code + number(value, decimals ?? 2);
  const digits = decimals ?? (Math.abs(value) >= 1000 ? 0 : 2);
  const options: Intl.NumberFormatOptions = { style: 'currency', currency: code, currencyDisplay: 'narrowSymbol' };
  return write(value, { ...options, minimumFractionDigits: digits, maximumFractionDigits: digits });
}
