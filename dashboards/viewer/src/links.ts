// Links and texts of dashboards hold variables as Grafana writes them: ${site}, ${__value.raw}, ${__data.fields.path}.
import { all } from './grafana';
import type { State } from './route';

// Row is what a link of a cell or point may name.
export interface Row {
  value?: unknown;
  text?: string;
  time?: number;
  fieldName?: string;
  fields?: { name: string; raw: unknown; text: string }[];
}

export function interpolate(text: string, state: State, row: Row = {}, encode: (text: string) => string = (same) => same): string {
  return text.replace(/\$\{([^}]+)\}|\$(__\w+|\w+)|\[\[(\w+)\]\]/g, (whole, braced?: string, bare?: string, old?: string) => {
    const [name, how] = split(braced ?? bare ?? old ?? '');
    const value = resolve(name, how, state, row, encode);
    return value ?? whole;
  });
}

// split takes ${name:format} apart; a name may hold quotes: __data.fields["path"].
function split(inner: string): [string, string] {
  const colon = inner.lastIndexOf(':');
  return colon > 0 && !inner.includes('"', colon) ? [inner.slice(0, colon), inner.slice(colon + 1)] : [inner, ''];
}

function resolve(name: string, how: string, state: State, row: Row, encode: (text: string) => string): string | undefined {
  const pair = (key: string, value: string) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
  switch (name) {
    case '__url_time_range':
      return `${pair('from', state.from)}&${pair('to', state.to)}`;
    case '__all_variables':
      return [...state.vars].flatMap(([key, values]) => values.map((value) => pair(`var-${key}`, value))).join('&');
    case '__from':
      return encode(state.from);
    case '__to':
      return encode(state.to);
    case '__value.raw':
    case '__value':
      return encode(String(row.value ?? ''));
    case '__value.numeric':
      return encode(String(Number(row.value)));
    case '__value.text':
      return encode(row.text ?? '');
    case '__value.time':
      return encode(String(row.time ?? ''));
    case '__field.name':
    case '__field.displayName':
    case '__series.name':
      return encode(row.fieldName ?? '');
  }
  const field = /^__data\.fields(?:\.([\w ]+?)|\[(?:"([^"]+)"|'([^']+)'|(\d+))\])(?:\.(text|numeric))?$/.exec(name);
  if (field) {
    const wanted = field[1] ?? field[2] ?? field[3];
    const found = wanted === undefined ? row.fields?.[Number(field[4])] : row.fields?.find((one) => one.name === wanted);
    return encode(field[5] === 'text' ? (found?.text ?? '') : String(found?.raw ?? ''));
  }
  const values = state.vars.get(name);
  if (!values) return undefined;
  if (how === 'queryparam') return values.map((value) => pair(`var-${name}`, value)).join('&');
  if (how === 'percentencode') return encodeURIComponent(values.join(','));
  return encode(values.map((value) => (value === all ? 'All' : value)).join(','));
}

// href is the address that a link leads to, or undefined for one that is none of ours and not plain HTTP: a dashboard's link must
// never become a script. Grafana's uids, mayak-NAME, are the viewer's without the prefix, and what follows them there is a title.
export function href(url: string, state: State, row: Row = {}): string | undefined {
  let target: URL;
  try {
    target = new URL(interpolate(url, state, row, encodeURIComponent), location.href);
  } catch {
    return undefined;
  }
  if (target.protocol !== 'http:' && target.protocol !== 'https:') return undefined;
  if (target.origin !== location.origin) return target.href;
  const board = /^\/d\/(?:mayak-)?([^/]+)/.exec(target.pathname);
  return (board ? `/d/${board[1]}` : target.pathname) + target.search + target.hash;
}

export const isOurs = (address: string): boolean => address.startsWith('/');
