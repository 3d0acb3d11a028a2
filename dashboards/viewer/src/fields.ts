// Frames as panels draw them: transformed, each column with its settings, words and colours.
import type { FieldConfig, Mapping, MappingResult, Override, Panel, RawField, RawFrame, Threshold, Value } from './grafana';
import { colour } from './colours';
import { country } from './countries';
import { format } from './format';
import { dateTime } from './time';
import { t } from './texts';

export interface Field extends RawField {
  config: FieldConfig;
  title: string;
}

export interface Frame {
  refId: string;
  name: string;
  fields: Field[];
}

// Display is a value as it is shown.
export interface Display {
  text: string;
  colour?: string; // of a mapping or threshold
}

export function dress(panel: Panel, frames: RawFrame[]): Frame[] {
  const config = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  return frames.map((frame) => ({
    refId: frame.refId,
    name: frame.name ?? '',
    fields: frame.fields.map((raw) => {
      const own = configOf(raw, frame.refId, config.defaults, config.overrides);
      return { ...raw, config: own, title: own.displayName ?? nameOf(raw, frame) };
    }),
  }));
}

const nameOf = (field: RawField, frame: RawFrame): string => (/^value$/i.test(field.name) && frame.name ? frame.name : field.name);

function configOf(field: RawField, refId: string, defaults: FieldConfig, overrides: Override[]): FieldConfig {
  const config: FieldConfig = { ...defaults, custom: { ...defaults.custom } };
  if (field.type !== 'number') delete config.displayName; // a default name is for values
  for (const { matcher, properties } of overrides) {
    if (!matches(matcher, field, refId)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) put(config.custom!, id.slice(7).split('.'), value);
      else (config as Record<string, unknown>)[id] = value;
    }
  }
  return config;
}

function put(target: Record<string, any>, path: string[], value: unknown): void {
  const [first, ...rest] = path;
  if (rest.length === 0) target[first!] = value;
  else put((target[first!] = { ...target[first!] }), rest, value);
}

function matches({ id, options }: Override['matcher'], field: RawField, refId: string): boolean {
  switch (id) {
    case 'byName':
      return field.name === options;
    case 'byNames':
      return options.names.includes(field.name);
    case 'byRegexp':
      return regexp(options).test(field.name);
    case 'byType':
      return field.type === options;
    case 'byFrameRefID':
      return refId === options;
    default:
      return false;
  }
}

function regexp(text: string): RegExp {
  const found = /^\/(.*)\/([a-z]*)$/.exec(text);
  return found ? new RegExp(found[1]!, found[2]) : new RegExp(text);
}

// show writes a value of a field: by a mapping, else by its unit; its colour is the mapping's or the threshold's.
export function show(field: Field, value: Value, zone: string, compact = false): Display {
  const mapped = mapping(field.config.mappings, value);
  const level = typeof value === 'number' ? threshold(field, value) : undefined;
  const tint = mapped?.color ?? level;
  const made = (text: string): Display => (tint ? { text, colour: colour(tint) } : { text });
  if (mapped?.text) return made(mapped.text);
  if (value === null || value === '') return { text: field.config.noValue ?? '–' };
  if (typeof value === 'boolean') return made(value ? t('value.yes') : t('value.no'));
  if (field.type === 'time') return made(dateTime(Number(value), zone));
  if (typeof value !== 'number') return made(field.name === 'country' ? country(value) : value);
  return made(format(value, { unit: field.config.unit, decimals: field.config.decimals, compact, zone }));
}

export function mapping(list: Mapping[] | undefined, value: Value): MappingResult | undefined {
  for (const { type, options } of list ?? []) {
    const o = options as any;
    if (type === 'value') {
      const found = o[String(value)];
      if (found) return found;
    } else if (type === 'range') {
      if (typeof value === 'number' && (o.from ?? -Infinity) <= value && value <= (o.to ?? Infinity)) return o.result;
    } else if (type === 'regex') {
      if (typeof value === 'string' && regexp(o.pattern).test(value)) return { ...o.result, text: o.result.text ? value.replace(regexp(o.pattern), o.result.text) : value };
    } else if (special(o.match, value)) return o.result;
  }
  return undefined;
}

function special(match: string, value: Value): boolean {
  switch (match) {
    case 'null':
      return value === null;
    case 'nan':
      return Number.isNaN(value);
    case 'null+nan':
      return value === null || Number.isNaN(value);
    case 'true':
      return value === true;
    case 'false':
      return value === false;
    case 'empty':
      return value === '';
    default:
      return false;
  }
}

// steps are the thresholds in the field's own unit, the first without a value.
export function steps(field: Field): Threshold[] {
  const { mode, steps: given } = field.config.thresholds ?? { mode: 'absolute', steps: [] };
  if (mode === 'absolute') return given;
  const { min, max } = bounds([field]);
  return given.map((step) => ({ ...step, value: step.value === null ? null : min + ((max - min) * step.value) / 100 }));
}

export function threshold(field: Field, value: number): string | undefined {
  if (field.config.color && field.config.color.mode !== 'thresholds') return field.config.color.mode === 'fixed' ? field.config.color.fixedColor : undefined;
  let found: string | undefined;
  for (const step of steps(field)) if (step.value === null || value >= step.value) found = step.color;
  return found;
}

// bounds are the least and largest value, or what the settings say they are.
export function bounds(fields: Field[]): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const field of fields) {
    for (const value of field.values) {
      if (typeof value !== 'number') continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    min = field.config.min ?? Math.min(min, 0);
    max = field.config.max ?? max;
  }
  if (!Number.isFinite(max)) max = 0;
  return { min: Number.isFinite(min) ? min : 0, max };
}

export const hidden = (field: Field): boolean => field.config.custom?.hidden === true || field.config.custom?.hideFrom?.viz === true;
export const numeric = (frame: Frame): Field[] => frame.fields.filter((field) => field.type === 'number' && !hidden(field));
export const ofTime = (frame: Frame): Field | undefined => frame.fields.find((field) => field.type === 'time');
export const ofText = (frame: Frame): Field | undefined => frame.fields.find((field) => field.type === 'string' && !hidden(field));
export const length = (frame: Frame): number => frame.fields[0]?.values.length ?? 0;
export const isEmpty = (frames: RawFrame[]): boolean => frames.every((frame) => (frame.fields[0]?.values.length ?? 0) === 0);

// reduce makes one value of a field's, as the panel's option calcs says.
export function reduce(values: Value[], calc: string): number | string | null {
  const known = values.filter((value): value is number => typeof value === 'number');
  switch (calc) {
    case 'sum':
      return known.length ? known.reduce((a, b) => a + b, 0) : null;
    case 'mean':
      return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
    case 'min':
      return known.length ? Math.min(...known) : null;
    case 'max':
      return known.length ? Math.max(...known) : null;
    case 'count':
      return values.length;
    case 'range':
      return known.length ? Math.max(...known) - Math.min(...known) : null;
    case 'first':
      return plain(values[0] ?? null);
    case 'firstNotNull':
      return plain(values.find((value) => value !== null) ?? null);
    case 'last':
      return plain(values[values.length - 1] ?? null);
    default:
      return plain(values.findLast?.((value) => value !== null) ?? null);
  }
}

const plain = (value: Value): number | string | null => (typeof value === 'boolean' ? Number(value) : value);
