import type { Value } from '../grafana';
import { colour, series, shade } from '../colours';
import { h, s } from '../dom';
import { bounds, hidden, length, numeric, ofTime, show, type Field, type Frame } from '../fields';
import { swatch, tipped, hideTip } from '../tip';
import type { Draw, Scene } from '../scene';
import { t } from '../texts';
import { clock, dateTime, dayShort, rounds } from '../time';

const left = 110;
const bottom = 22;

// heatmap is a row of cells for each column of numbers, over time or over the first column's names: the fuller, the more.
export const heatmap: Draw = (scene, frames) => {
  const frame = frames.find((one) => numeric(one).length > 0);
  const node = h('div', { class: 'grid-chart', role: 'img', 'aria-label': `${scene.panel.title ?? ''}. ${t('chart.table')}` });
  if (!frame) return { node };
  const axis = ofTime(frame) ?? frame.fields[0]!;
  const rows = numeric(frame).filter((field) => field !== axis).reverse(); // the first is the lowest, as in Grafana
  const { max } = bounds(rows);
  const columns = length(frame);
  const width = Math.max(scene.width - left, 40) / Math.max(columns, 1);
  const height = Math.max(scene.height - bottom, 40) / Math.max(rows.length, 1);
  const full = colour(scene.panel.options?.color?.fill, 'blue');
  const cells = rows.flatMap((field, y) => field.values.flatMap((value, x) => (typeof value === 'number' ? [cell(scene, axis, field, x, { x: left + x * width, y: y * height, width, height }, shade(full, max > 0 ? value / max : 0))] : [])));
  node.append(drawing(scene, rows.map((field) => field.title), height, [...cells, ...ticks(scene, axis, width)]));
  return { node, close: hideTip };
};

function cell(scene: Scene, axis: Field, field: Field, i: number, box: { x: number; y: number; width: number; height: number }, fill: string): Element {
  const rect = s('rect', { x: box.x + 0.5, y: box.y + 0.5, width: Math.max(box.width - 1, 0.5), height: Math.max(box.height - 1, 0.5), rx: 1.5, style: { fill } });
  return tipped(rect, show(axis, axis.values[i] ?? null, scene.zone).text, `${field.title}: ${show(field, field.values[i] ?? null, scene.zone).text}`);
}

function drawing(scene: Scene, names: string[], height: number, marks: (Element | null)[]): SVGSVGElement {
  const size = Math.min(12, Math.max(8, height * 0.7));
  const labels = names.map((name, i) => (height >= 9 || i % Math.ceil(9 / height) === 0 ? s('text', { x: left - 6, y: (i + 0.5) * height, 'text-anchor': 'end', 'dominant-baseline': 'central', 'font-size': size }, s('title', {}, name), clipped(name)) : null));
  return s('svg', { viewBox: `0 0 ${scene.width} ${scene.height}`, width: scene.width, height: scene.height, 'aria-hidden': 'true', class: 'grid-svg' }, ...marks, ...labels);
}

const clipped = (name: string): string => (name.length > 17 ? `${name.slice(0, 16)}…` : name);

function ticks(scene: Scene, axis: Field, width: number): Element[] {
  if (axis.type === 'time') return roundTimes(scene, axis.values as number[], width);
  const every = Math.max(1, Math.ceil(54 / width));
  return axis.values.flatMap((value, i) => {
    if (i % every !== 0) return [];
    const { text } = show(axis, value, scene.zone);
    return [below(scene, left + (i + 0.5) * width, text.length > 8 ? `${text.slice(0, 7)}…` : text)];
  });
}

// roundTimes names the columns in which round times lie.
function roundTimes(scene: Scene, times: number[], width: number): Element[] {
  const range = { from: times[0] ?? 0, to: times.at(-1) ?? 0 };
  return rounds(range, Math.max(2, Math.floor((times.length * width) / 80)), scene.zone).map((at, _, all) =>
    below(scene, left + (times.findIndex((time) => time >= at) + 0.5) * width, moment(at, all, scene.zone)),
  );
}

// below is a text under the axis, in the middle of what it names unless it would be cut at the edge.
function below(scene: { width: number; height: number }, x: number, text: string): Element {
  return s('text', { x: Math.min(x, scene.width - text.length * 3.5), y: scene.height - 6, 'text-anchor': 'middle', 'font-size': 11 }, text);
}

// moment names one of all round times: where several are of one day only its beginning is the day, so that none is named twice.
function moment(at: number, all: number[], zone: string): string {
  const time = clock(at, zone);
  return time === '00:00' || (all.length > 1 && all[1]! - all[0]! >= 864e5) ? dayShort(at, zone) : time;
}

interface Stretch {
  value: Value;
  from: number;
  to: number;
}

// stretches joins points that follow each other with the same value. A value holds until the next one, the last one until the end of
// the range, as in Grafana.
function stretches(times: number[], values: Value[], end: number): Stretch[] {
  const made: Stretch[] = [];
  values.forEach((value, i) => {
    if (value === null) return; // a time that only another row has
    const last = made[made.length - 1];
    if (last?.value === value) return;
    if (last) last.to = times[i]!;
    made.push({ value, from: times[i]!, to: end });
  });
  return made;
}

// timeline is a band for each column, coloured by what its values mean and for how long they held.
export const timeline: Draw = (scene, frames) => {
  const node = h('div', { class: 'grid-chart', role: 'img', 'aria-label': `${scene.panel.title ?? ''}. ${t('chart.table')}` });
  const rows = frames.flatMap((frame: Frame) => {
    const time = ofTime(frame);
    return time ? frame.fields.filter((field) => field !== time && !hidden(field)).map((field) => ({ field, times: time.values as number[] })) : [];
  });
  const states = new Map<string, string>();
  const tints = new Map<string, string>();
  const paint = (field: Field, value: Value): string => {
    const shown = show(field, value, scene.zone);
    if (!tints.has(shown.text)) tints.set(shown.text, shown.colour ?? series(tints.size));
    states.set(shown.text, tints.get(shown.text)!);
    return tints.get(shown.text)!;
  };
  const room = scene.height - bottom - 26;
  const height = Math.max(room, 30) / Math.max(rows.length, 1);
  const scale = (scene.width - left) / (scene.range.to - scene.range.from);
  const x = (time: number) => left + (Math.max(scene.range.from, Math.min(scene.range.to, time)) - scene.range.from) * scale;
  const bands = rows.flatMap(({ field, times }, y) =>
    stretches(times, field.values, scene.range.to).map(({ value, from, to }) => {
      const rect = s('rect', { x: x(from), y: y * height + height * 0.1, width: Math.max(x(to) - x(from), 1), height: height * 0.8, rx: 2, style: { fill: paint(field, value) } });
      return tipped(rect, field.title, show(field, value, scene.zone).text, `${dateTime(from, scene.zone)} – ${dateTime(to, scene.zone)}`);
    }),
  );
  const inner = { ...scene, height: scene.height - 26 };
  const marks = rounds(scene.range, Math.max(2, Math.floor((scene.width - left) / 80)), scene.zone).map((at, _, all) =>
    below(inner, x(at), moment(at, all, scene.zone)),
  );
  node.append(drawing(inner, rows.map(({ field }) => field.title), height, [...bands, ...marks]));
  node.append(h('ul', { class: 'legend' }, ...[...states].map(([name, tint]) => h('li', {}, swatch(tint), name))));
  return { node, close: hideTip };
};
