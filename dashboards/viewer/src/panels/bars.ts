import { colour, series, shade } from '../colours';
import { h } from '../dom';
import { bounds, length, numeric, ofText, show, type Field, type Frame } from '../fields';
import { legend } from '../legend';
import { data, linked, ones, rowOf, type Draw, type Scene } from '../scene';
import { hideTip, tipped } from '../tip';
import { tint } from './plot';

// bargauge is a bar for each value, long as the value is of the largest or of the maximum that the settings name.
export const bargauge: Draw = (scene, frames) => {
  const values = ones(scene, frames);
  const known = values.map(({ value }) => value).filter((value): value is number => typeof value === 'number');
  const max = Math.max(...values.map(({ field }) => field.config.max ?? -Infinity), ...(values.some(({ field }) => field.config.max) ? [] : known), 0);
  const min = Math.min(...values.map(({ field }) => field.config.min ?? 0), 0);
  const tight = scene.height / Math.max(values.length, 1) < 34; // one line for each
  const node = h('ul', { class: tight ? 'bars tight' : 'bars' });
  for (const one of values) {
    const part = typeof one.value === 'number' && max > min ? Math.max(0, Math.min(1, (one.value - min) / (max - min))) : 0;
    node.appendChild(
      h(
        'li',
        {},
        h('span', { class: 'bar-name' }, linked(scene, one.field.config.links, one.row, one.name)),
        h('span', { class: 'bar-value' }, data(one.value, one.text)),
        bar(part, one.colour ?? series(0)),
      ),
    );
  }
  return { node };
};

const bar = (part: number, paint: string): HTMLElement => h('span', { class: 'bar', 'aria-hidden': 'true' }, h('i', { style: { width: `${part * 100}%`, background: paint } }));

// barchart is a group of bars for each row, lying or standing, beside or on each other.
export const barchart: Draw = (scene, frames) => {
  const frame = frames.find((one) => numeric(one).length > 0);
  const node = h('div', { class: 'barchart' });
  if (!frame) return { node };
  const options = scene.panel.options ?? {};
  const names = frame.fields.find((field) => field.name === options.xField) ?? ofText(frame) ?? frame.fields[0]!;
  const fields = numeric(frame).filter((field) => field !== names);
  const shown = fields.map(() => true);
  const draw = () => {
    const entries = fields.map((field, index) => ({ field, colour: tint(field, index), shown: shown[index]! }));
    const list =
      fields.length > 1
        ? legend(scene, entries, (index) => {
            shown[index] = !shown[index];
            draw();
            node.querySelectorAll<HTMLElement>('.legend button')[index]?.focus();
          })
        : undefined;
    const series = entries.filter((entry) => entry.shown);
    const stacked = options.stacking === 'normal' || options.stacking === 'percent';
    const body = options.orientation === 'horizontal' ? lying(scene, frame, names, series, stacked) : standing(scene, frame, names, series, stacked);
    node.replaceChildren(body, ...(list ? [list] : []));
  };
  draw();
  return { node, close: hideTip };
};

interface Series {
  field: Field;
  colour: string;
}

function largest(frame: Frame, series: Series[], stacked: boolean): number {
  const set = Math.max(...series.map(({ field }) => field.config.max ?? -Infinity));
  if (Number.isFinite(set)) return set;
  if (!stacked) return bounds(series.map(({ field }) => field)).max;
  return Math.max(0, ...Array.from({ length: length(frame) }, (_, i) => series.reduce((sum, { field }) => sum + Number(field.values[i] ?? 0), 0)));
}

const paintOf = (scene: Scene, one: Series, i: number): string => show(one.field, one.field.values[i] ?? null, scene.zone).colour ?? one.colour;

function lying(scene: Scene, frame: Frame, names: Field, series: Series[], stacked: boolean): HTMLElement {
  const max = largest(frame, series, stacked) || 1;
  const rows = Array.from({ length: length(frame) }, (_, i) => {
    const parts = series.map((one) => {
      const value = one.field.values[i] ?? null;
      const text = show(one.field, value, scene.zone).text;
      const fill = h('i', { style: { width: `${Math.max(0, Number(value ?? 0) / max) * 100}%`, background: paintOf(scene, one, i) } });
      return { fill: tipped(fill, show(names, names.values[i] ?? null, scene.zone).text, `${one.field.title}: ${text}`), value: data(value, text) };
    });
    const name = linked(scene, names.config.links ?? series[0]?.field.config.links, rowOf(scene, frame, names, i), show(names, names.values[i] ?? null, scene.zone).text);
    const bars = stacked ? [h('span', { class: 'bar', 'aria-hidden': 'true' }, ...parts.map(({ fill }) => fill))] : parts.map(({ fill }) => h('span', { class: 'bar', 'aria-hidden': 'true' }, fill));
    const values = parts.flatMap(({ value }, index) => (index > 0 ? [' · ', value] : [value]));
    return h('li', {}, h('span', { class: 'bar-name' }, name), h('span', { class: 'bar-value' }, ...values), ...bars);
  });
  return h('ul', { class: 'bars' }, ...rows);
}

function standing(scene: Scene, frame: Frame, names: Field, series: Series[], stacked: boolean): HTMLElement {
  const max = largest(frame, series, stacked) || 1;
  const count = length(frame);
  const few = count * 34 <= scene.width;
  const every = Math.ceil((count * 44) / Math.max(scene.width, 44));
  const columns = Array.from({ length: count }, (_, i) => {
    const name = show(names, names.values[i] ?? null, scene.zone).text;
    const bars = series.map((one) => {
      const value = one.field.values[i] ?? null;
      const text = show(one.field, value, scene.zone).text;
      const part = Math.max(0, Number(value ?? 0) / max) * 100;
      const fill = h('i', { style: { height: `${part}%`, background: paintOf(scene, one, i) } }, few && !stacked && series.length === 1 ? data(value, text, { class: 'bar-top' }) : null);
      return tipped(fill, name, `${one.field.title}: ${text}`);
    });
    const label = linked(scene, names.config.links ?? series[0]?.field.config.links, rowOf(scene, frame, names, i), i % every === 0 ? name : '');
    return h('li', {}, h('span', { class: stacked ? 'column stacked' : 'column' }, ...bars), h('span', { class: 'column-name', title: name }, label));
  });
  const node = h('ul', { class: 'columns' }, ...columns);
  node.style.setProperty('--rule', shade(colour('gray'), 0.2));
  return node;
}
