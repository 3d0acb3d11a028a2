// Grafana's transformations that the dashboards use, and the long form of time series made wide.
import type { Panel, RawField, RawFrame, Value } from './grafana';

export function transform(panel: Panel, frames: RawFrame[]): RawFrame[] {
  let result = frames;
  for (const { id, options, disabled } of panel.transformations ?? []) {
    if (disabled) continue;
    if (id === 'organize') result = result.map((frame) => organize(frame, options));
    else if (id === 'sortBy') result = result.map((frame) => sorted(frame, options?.sort?.[0]));
    else if (id === 'limit') result = result.map((frame) => picked(frame, Array.from({ length: Math.min(Number(options?.limitField ?? 10), rows(frame)) }, (_, i) => i)));
    else if (id === 'joinByField') result = joined(result, options);
  }
  return result;
}

const rows = (frame: RawFrame): number => frame.fields[0]?.values.length ?? 0;

const picked = (frame: RawFrame, order: number[]): RawFrame => ({
  ...frame,
  fields: frame.fields.map((field) => ({ ...field, values: order.map((i) => field.values[i] ?? null) })),
});

function organize(frame: RawFrame, options: any): RawFrame {
  const { excludeByName = {}, includeByName = {}, indexByName = {}, renameByName = {} } = options ?? {};
  const only = Object.values(includeByName).some(Boolean);
  const at = (field: RawField) => indexByName[field.name] ?? Number.MAX_SAFE_INTEGER;
  const fields = frame.fields
    .filter((field) => !excludeByName[field.name] && (!only || includeByName[field.name]))
    .sort((a, b) => at(a) - at(b))
    .map((field) => ({ ...field, name: renameByName[field.name] || field.name }));
  return { ...frame, fields };
}

export function compare(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b);
  return Number(a) - Number(b);
}

export function order(values: Value[], descending: boolean): number[] {
  const indices = values.map((_, i) => i);
  return indices.sort((i, j) => (descending ? -1 : 1) * compare(values[i]!, values[j]!));
}

function sorted(frame: RawFrame, by: { field?: string; desc?: boolean } | undefined): RawFrame {
  const field = frame.fields.find((one) => one.name === by?.field);
  return field ? picked(frame, order(field.values, by?.desc === true)) : frame;
}

function joined(frames: RawFrame[], options: any): RawFrame[] {
  const name: string | undefined = options?.byField ?? frames[0]?.fields[0]?.name;
  const keyed = frames.map((frame) => ({ frame, key: frame.fields.find((field) => field.name === name) }));
  const first = keyed[0]?.key;
  if (!first || keyed.some(({ key }) => !key)) return frames;
  let keys = [...new Set(keyed.flatMap(({ key }) => key!.values))];
  if (options?.mode === 'inner') keys = keys.filter((value) => keyed.every(({ key }) => key!.values.includes(value)));
  if (first.type === 'time') keys.sort(compare);
  const fields: RawField[] = [{ ...first, values: keys }];
  for (const { frame, key } of keyed) {
    const at = new Map(key!.values.map((value, i) => [value, i]));
    for (const field of frame.fields) {
      if (field === key) continue;
      fields.push({ ...field, values: keys.map((value) => field.values[at.get(value) ?? -1] ?? null) });
    }
  }
  return [{ refId: frames[0]!.refId, name: '', fields }];
}

// wide makes a column for each metric of a frame with the columns time, metric and one number.
export function wide(frame: RawFrame): RawFrame {
  const time = frame.fields.find((field) => field.type === 'time');
  const metric = frame.fields.find((field) => field.type === 'string');
  const value = frame.fields.find((field) => field.type === 'number');
  if (!time || !metric || !value) return sortedByTime(frame, time);
  const times = [...new Set(time.values)].sort(compare);
  const at = new Map(times.map((moment, i) => [moment, i]));
  const columns = new Map<string, Value[]>();
  metric.values.forEach((name, i) => {
    const key = String(name);
    let column = columns.get(key);
    if (!column) columns.set(key, (column = new Array<Value>(times.length).fill(null)));
    column[at.get(time.values[i]!)!] = value.values[i]!;
  });
  const series = [...columns].map(([name, values]) => ({ name, type: value.type, values }));
  return { ...frame, fields: [{ ...time, values: times }, ...series] };
}

const sortedByTime = (frame: RawFrame, time: RawField | undefined): RawFrame =>
  time && time.values.some((value, i) => i > 0 && compare(time.values[i - 1]!, value) > 0) ? picked(frame, order(time.values, false)) : frame;
