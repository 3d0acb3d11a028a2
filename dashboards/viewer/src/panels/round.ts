import { colour, series } from '../colours';
import { h, s } from '../dom';
import { bounds, steps } from '../fields';
import { number } from '../format';
import { data, linked, ones, type Draw, type One, type Scene } from '../scene';
import { hideTip, swatch, tipped } from '../tip';

// arc is a part of a ring as a path; angles are turns, clockwise from the top.
function arc(inner: number, outer: number, from: number, to: number): string {
  const end = Math.min(to, from + 0.9999); // a whole turn would end where it began, and be nothing
  const at = (radius: number, turn: number) => `${(radius * Math.sin(turn * 2 * Math.PI)).toFixed(5)} ${(-radius * Math.cos(turn * 2 * Math.PI)).toFixed(5)}`;
  const large = end - from > 0.5 ? 1 : 0;
  return `M${at(outer, from)}A${outer} ${outer} 0 ${large} 1 ${at(outer, end)}L${at(inner, end)}A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}z`;
}

// gauge is a dial for each value, between the least and the most that the settings name, with the thresholds around it.
export const gauge: Draw = (scene, frames) => {
  const values = ones(scene, frames);
  const node = h('div', { class: 'dials' });
  for (const one of values) node.appendChild(dial(scene, one, values.length));
  return { node };
};

function dial(scene: Scene, one: One, count: number): HTMLElement {
  const { min, max } = { ...bounds([one.field]), ...(one.field.config.max === undefined && one.field.config.unit === 'percent' ? { max: 100 } : {}), ...(one.field.config.max === undefined && one.field.config.unit === 'percentunit' ? { max: 1 } : {}) };
  const begin = -0.35;
  const turn = (value: number) => begin + 0.7 * Math.max(0, Math.min(1, (value - min) / (max - min || 1)));
  const given = steps(one.field);
  const marks = given.map((step, i) => {
    const from = turn(step.value ?? min);
    const to = turn(given[i + 1]?.value ?? max);
    return to > from ? s('path', { d: arc(0.92, 1, from, to), fill: colour(step.color) }) : null;
  });
  const value = typeof one.value === 'number' ? one.value : min;
  const size = Math.min(scene.width / count, scene.height * 1.1);
  return h(
    'div',
    { class: 'dial', style: { width: `${size}px` } },
    s(
      'svg',
      { viewBox: '-1.05 -1.05 2.1 1.75', 'aria-hidden': 'true' },
      s('path', { d: arc(0.68, 0.88, begin, begin + 0.7), fill: 'var(--line)' }),
      turn(value) > begin ? s('path', { d: arc(0.68, 0.88, begin, turn(value)), fill: one.colour ?? series(0) }) : null,
      ...marks,
    ),
    h('div', { class: 'dial-value', style: { 'font-size': `${Math.max(14, Math.min(size * 0.16, 40))}px` } }, linked(scene, one.field.config.links, one.row, data(one.value, one.text))),
    count > 1 ? h('div', { class: 'stat-name' }, one.name) : null,
  );
}

// piechart is a pie or a ring, with the values and shares beside it.
export const piechart: Draw = (scene, frames) => {
  const values = ones(scene, frames).filter((one): one is One & { value: number } => typeof one.value === 'number' && one.value >= 0);
  const total = values.reduce((sum, { value }) => sum + value, 0);
  const inner = scene.panel.options?.pieType === 'donut' ? 0.62 : 0;
  const tints = values.map((one, i) => (one.field.config.color?.mode === 'palette-classic' || !one.colour ? (one.colour && one.field.config.mappings?.length ? one.colour : series(i)) : one.colour));
  let turn = 0;
  const slices = values.map((one, i) => {
    const from = turn;
    turn += total > 0 ? one.value / total : 0;
    const slice = s('path', { d: arc(inner, 1, from, turn), fill: tints[i]!, stroke: 'var(--ground)', 'stroke-width': 0.015 });
    return tipped(slice, one.name, `${one.text} · ${share(one.value, total)}`);
  });
  const wide = scene.width > scene.height * 1.3 && scene.width > 340;
  const node = h('div', { class: wide ? 'pie wide' : 'pie' });
  const radius = wide ? Math.min(scene.height - 12, scene.width * 0.45) : Math.min(scene.width, scene.height * 0.6);
  node.append(s('svg', { viewBox: '-1.02 -1.02 2.04 2.04', 'aria-hidden': 'true', style: { width: `${radius}px`, height: `${radius}px` } }, ...slices));
  const rows = values.map((one, i) => h('li', {}, swatch(tints[i]!), h('span', { class: 'bar-name' }, linked(scene, one.field.config.links, one.row, one.name)), data(one.value, one.text), h('span', { class: 'share' }, share(one.value, total))));
  node.append(h('ul', { class: 'shares' }, ...rows));
  return { node, close: hideTip };
};

const share = (value: number, total: number): string => `${number(total > 0 ? (value / total) * 100 : 0, 1)}\u00a0%`;
