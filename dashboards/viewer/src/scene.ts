// What every kind of panel is given to draw with.
import type { Annotation, Link, Panel, Value } from './grafana';
import type { Field, Frame } from './fields';
import { hidden, length, numeric, ofText, ofTime, reduce, show } from './fields';
import { h, type Child } from './dom';
import { href, isOurs, type Row } from './links';
import type { State } from './route';
import type { Span } from './time';

export interface Scene {
  panel: Panel;
  state: State;
  zone: string;
  range: Span;
  width: number;
  height: number;
  annotations: Annotation[];
  go(address: string): void; // follows a link of ours without loading the page again
  zoom(range: Span): void;
}

// Drawing is what a panel made. close takes back what it has beyond its node.
export interface Drawing {
  node: Element;
  close?(): void;
}

export type Draw = (scene: Scene, frames: Frame[]) => Drawing;

// rowOf is what a link of row i of a frame may name.
export function rowOf(scene: Scene, frame: Frame, field: Field, i: number): Row {
  const value = field.values[i] ?? null;
  const time = ofTime(frame)?.values[i];
  return {
    value,
    text: show(field, value, scene.zone).text,
    ...(typeof time === 'number' ? { time } : {}),
    fieldName: field.title,
    fields: frame.fields.map((one) => ({ name: one.name, raw: one.values[i] ?? '', text: show(one, one.values[i] ?? null, scene.zone).text })),
  };
}

// linked wraps children into the first link that leads somewhere.
export function linked(scene: Scene, links: Link[] | undefined, row: Row, ...children: Child[]): Node {
  for (const link of links ?? []) {
    const target = href(link.url, scene.state, row);
    if (target) return anchor(scene, target, link.title, link.targetBlank === true, ...children);
  }
  return h('span', {}, ...children);
}

export function anchor(scene: Pick<Scene, 'go'>, target: string, title: string, blank: boolean, ...children: Child[]): HTMLAnchorElement {
  const ours = isOurs(target) && !blank;
  return h(
    'a',
    {
      href: target,
      ...(title ? { title } : {}),
      ...(ours ? {} : { target: '_blank', rel: 'noreferrer' }),
      onclick: (event: MouseEvent) => {
        if (!ours || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        scene.go(target);
      },
    },
    ...children,
  );
}

// data is a number in the page, with the exact value beside the written one.
export function data(value: Value, text: string, attributes: Record<string, string> = {}): HTMLElement {
  return typeof value === 'number' ? h('data', { value, ...attributes }, text) : h('span', attributes, text);
}

// One is what stat, gauge, bar gauge and pie show: a value with its name, reduced of a column or one of its rows.
export interface One {
  name: string;
  value: number | string | null;
  text: string;
  colour?: string;
  field: Field;
  row: Row;
  times?: Value[];
}

export function ones(scene: Scene, frames: Frame[]): One[] {
  const reduceOptions = scene.panel.options?.reduceOptions ?? {};
  const found: One[] = [];
  for (const frame of frames) {
    const fields = chosen(frame, reduceOptions.fields);
    for (const field of fields) found.push(...(reduceOptions.values ? each(scene, frame, field, fields.length) : [reduced(scene, frame, field, reduceOptions.calcs?.[0] ?? 'lastNotNull')]));
  }
  return found.slice(0, reduceOptions.values ? (reduceOptions.limit ?? 25) : 25);
}

// chosen are the columns that an option names: none is every number, /x/ a pattern, else one name.
function chosen(frame: Frame, wanted: string | undefined): Field[] {
  if (!wanted) return numeric(frame);
  const pattern = /^\/(.*)\/$/.exec(wanted);
  const matches = (field: Field) => (pattern ? new RegExp(pattern[1]!).test(field.name) : field.name === wanted);
  return frame.fields.filter((field) => matches(field) && !hidden(field));
}

function reduced(scene: Scene, frame: Frame, field: Field, calc: string): One {
  const value = reduce(field.values, calc);
  const shown = show(field, value, scene.zone);
  const row: Row = { ...(length(frame) > 0 ? rowOf(scene, frame, field, length(frame) - 1) : {}), value, text: shown.text };
  const times = ofTime(frame)?.values;
  return { name: field.title, value, ...tinted(shown), field, row, ...(times ? { times } : {}) };
}

function each(scene: Scene, frame: Frame, field: Field, columns: number): One[] {
  const names = ofText(frame);
  return field.values.map((value, i) => {
    const name = names ? show(names, names.values[i] ?? null, scene.zone).text : field.title;
    const shown = show(field, value, scene.zone);
    return {
      name: names && columns > 1 ? `${name} · ${field.title}` : name,
      value: typeof value === 'boolean' ? Number(value) : value,
      ...tinted(shown),
      field,
      row: rowOf(scene, frame, field, i),
    };
  });
}

const tinted = (shown: { text: string; colour?: string }): { text: string; colour?: string } =>
  shown.colour ? { text: shown.text, colour: shown.colour } : { text: shown.text };
