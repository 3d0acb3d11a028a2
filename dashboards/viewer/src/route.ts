// The state of a dashboard is its address, with Grafana's parameters: from, to, var-NAME, refresh. A link shares what is seen.
import type { Dashboard, Variable } from './grafana';
import { all } from './grafana';
import type { Parameters } from './api';
import type { Span } from './time';

export interface State {
  uid: string;
  from: string;
  to: string;
  refresh: string;
  vars: Map<string, string[]>;
}

export const defaultRange = { from: 'now-7d', to: 'now' };

export function read(uid: string, search: string): State {
  const query = new URLSearchParams(search);
  const vars = new Map<string, string[]>();
  for (const [name, value] of query) {
    if (!name.startsWith('var-')) continue;
    const key = name.slice(4);
    vars.set(key, [...(vars.get(key) ?? []), value]);
  }
  return { uid, from: query.get('from') ?? '', to: query.get('to') ?? '', refresh: query.get('refresh') ?? '', vars };
}

// complete fills in what the address leaves to the dashboard.
export function complete(state: State, board: Dashboard): void {
  if (!state.from || !state.to) {
    state.from = board.time?.from ?? defaultRange.from;
    state.to = board.time?.to ?? defaultRange.to;
  }
  if (!state.refresh && typeof board.refresh === 'string') state.refresh = board.refresh;
  const list = board.templating?.list ?? [];
  for (const name of [...state.vars.keys()]) {
    if (!list.some((variable) => variable.name === name)) state.vars.delete(name); // of the dashboard that a link came from
  }
  for (const variable of list) {
    if (!state.vars.has(variable.name)) state.vars.set(variable.name, initial(variable));
  }
}

function initial(variable: Variable): string[] {
  const value = variable.current?.value;
  if (Array.isArray(value) && value.length > 0) return value;
  if (typeof value === 'string' && value !== '') return [value];
  if (variable.type === 'textbox' || variable.type === 'constant') return [typeof variable.query === 'string' ? variable.query : ''];
  const chosen = (variable.options ?? []).filter((option) => option.selected).map((option) => option.value);
  if (chosen.length > 0) return chosen;
  return variable.includeAll ? [all] : [];
}

export function address(state: State): string {
  const query = new URLSearchParams({ from: state.from, to: state.to });
  if (state.refresh) query.set('refresh', state.refresh);
  for (const [name, values] of state.vars) for (const value of values) query.append(`var-${name}`, value);
  return `/d/${encodeURIComponent(state.uid)}?${query}`;
}

// parameters is what the API is told of the state.
export function parameters(state: State, range: Span): Parameters {
  const told: Parameters = [
    ['from', String(Math.round(range.from))],
    ['to', String(Math.round(range.to))],
  ];
  for (const [name, values] of state.vars) for (const value of values) told.push([`var-${name}`, value]);
  return told;
}
