import { colour, series } from '../colours';
import { h, s } from '../dom';
import { number } from '../format';
import { data, linked, ones, type Draw, type One, type Scene } from '../scene';
import { t } from '../texts';

// stat is one large number for each value, over its sparkline, with how it changed.
export const stat: Draw = (scene, frames) => {
  const values = ones(scene, frames);
  const columns = scene.panel.options?.orientation === 'vertical' ? 1 : Math.min(values.length, Math.max(1, Math.floor(scene.width / 110)));
  const rows = Math.ceil(values.length / columns);
  const room = { width: scene.width / columns, height: scene.height / rows };
  const node = h('div', { class: 'stats', style: { 'grid-template-columns': `repeat(${columns}, minmax(0, 1fr))` } });
  const longest = Math.max(...values.map((one) => one.text.length)); // all are as large as it can be
  for (const one of values) node.appendChild(tile(scene, one, room, longest, values.length > 1));
  return { node };
};

function tile(scene: Scene, one: One, room: { width: number; height: number }, longest: number, several: boolean): HTMLElement {
  const { colorMode = 'value', graphMode = 'area', textMode = 'auto', showPercentChange } = scene.panel.options ?? {};
  const tint = one.colour ?? (one.field.config.color?.mode === 'thresholds' ? colour('text') : series(0));
  const named = textMode !== 'value' && (several || textMode === 'value_and_name' || textMode === 'name');
  const size = Math.max(16, Math.min(room.height * (named ? 0.34 : 0.42), (room.width - 24) / (longest * 0.62), 56));
  const known = one.field.values.filter((value): value is number => typeof value === 'number');
  const line = graphMode === 'area' && one.times && known.length > 1;
  const inverted = colorMode === 'background' || colorMode === 'background_solid';
  return h(
    'div',
    { class: `stat${inverted ? ' filled' : ''}${line ? ' lined' : ''}`, style: inverted ? { '--tint': tint } : {} },
    line ? sparkline(one, tint, room) : null,
    named ? h('div', { class: 'stat-name' }, one.name) : null,
    textMode === 'name'
      ? null
      : h(
          'div',
          { class: 'stat-value', style: { 'font-size': `${size}px`, ...(colorMode === 'value' && one.colour ? { color: tint } : {}) } },
          linked(scene, one.field.config.links, one.row, data(one.value, one.text)),
        ),
    showPercentChange && one.times && known.length > 1 ? change(known[0]!, known[known.length - 1]!, scene.panel.options?.percentChangeColorMode) : null,
  );
}

// change compares the last value with the first, as Grafana does.
function change(before: number, now: number, mode = 'standard'): HTMLElement {
  if (before === 0) return h('div', { class: 'change' }, t('stat.nothing_before'));
  const part = ((now - before) / Math.abs(before)) * 100;
  const good = mode === 'inverted' ? part < 0 : part > 0;
  const kind = mode === 'same_as_value' || part === 0 ? '' : good ? ' good' : ' bad';
  const arrow = part > 0 ? '▲ ' : part < 0 ? '▼ ' : '';
  return h('div', { class: `change${kind}` }, h('span', { 'aria-hidden': 'true' }, arrow), data(part, `${part > 0 ? '+' : ''}${number(part, 1)}\u00a0%`));
}

function sparkline(one: One, tint: string, room: { width: number; height: number }): SVGSVGElement {
  const points = one.field.values;
  const known = points.filter((value): value is number => typeof value === 'number');
  const low = Math.min(0, ...known);
  const high = Math.max(...known);
  const width = Math.max(room.width, 1);
  const height = Math.max(room.height * 0.36, 1);
  const x = (i: number) => (i / (points.length - 1)) * width;
  const y = (value: number) => height - 2 - ((value - low) / (high - low || 1)) * (height - 4);
  let line = '';
  let open = false;
  points.forEach((value, i) => {
    if (typeof value === 'number') line += `${open ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    open = typeof value === 'number';
  });
  const whole = known.length === points.length;
  return s(
    'svg',
    { class: 'sparkline', viewBox: `0 0 ${width.toFixed(0)} ${height.toFixed(0)}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    whole ? s('path', { d: `${line}L${width.toFixed(1)} ${height}L0 ${height}z`, fill: tint, opacity: 0.14 }) : null,
    s('path', { d: line, fill: 'none', stroke: tint, 'stroke-width': 1.5 }),
  );
}
