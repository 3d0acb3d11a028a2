import { colour, shade } from '../colours';
import { h, icon, icons } from '../dom';
import { bounds, hidden, length, show, type Field, type Frame } from '../fields';
import { data, linked, rowOf, type Draw, type Scene } from '../scene';
import { t } from '../texts';
import { order } from '../transform';

interface Sort {
  field: string;
  desc: boolean;
}

// Rows beyond these are drawn when somebody asks for them.
const rowsAtFirst = 200;

// table draws the panel of that kind; sorting is done here, on what was answered.
export const table: Draw = (scene, frames) => {
  const wanted = scene.panel.options?.sortBy?.[0];
  const node = h('div', { class: 'tables' });
  for (const frame of frames) {
    const sort = wanted ? { field: String(wanted.displayName), desc: wanted.desc === true } : undefined;
    node.appendChild(sortable(scene, frame, sort, scene.panel.options?.showHeader !== false, true));
  }
  return { node };
};

// behind is the table behind a chart: every column of every frame, in plain cells.
export function behind(scene: Scene, frames: Frame[]): HTMLElement {
  return h('div', { class: 'tables' }, ...frames.map((frame) => sortable(scene, frame, undefined, true, false)));
}

function sortable(scene: Scene, frame: Frame, sort: Sort | undefined, header: boolean, rich: boolean): HTMLElement {
  const holder = h('div', { class: 'table-holder', tabindex: 0, role: 'region', 'aria-label': scene.panel.title || t('panel.table') });
  const fields = frame.fields.filter((field) => !hidden(field));
  const state = { sort, everything: false };
  const draw = () => holder.replaceChildren(...body(scene, { ...frame, fields: frame.fields }, fields, state, header, rich, draw));
  draw();
  return holder;
}

function body(scene: Scene, frame: Frame, fields: Field[], state: { sort: Sort | undefined; everything: boolean }, header: boolean, rich: boolean, draw: () => void): Node[] {
  const by = frame.fields.find((field) => field.title === state.sort?.field || field.name === state.sort?.field);
  const all = by && state.sort ? order(by.values, state.sort.desc) : Array.from({ length: length(frame) }, (_, i) => i);
  const rows = state.everything ? all : all.slice(0, rowsAtFirst);
  const heads = fields.map((field) => head(field, by, state, draw));
  const cells = fields.map((field) => cellOf(scene, frame, field, rich));
  const made = h(
    'table',
    {},
    header ? h('thead', {}, h('tr', {}, ...heads)) : null,
    h('tbody', {}, ...rows.map((i) => h('tr', {}, ...cells.map((cell) => cell(i))))),
  );
  if (rows.length === all.length) return [made];
  const more = h(
    'button',
    {
      class: 'more',
      onclick: () => {
        state.everything = true;
        draw();
      },
    },
    t('table.more', { count: all.length - rows.length }),
  );
  return [made, more];
}

function head(field: Field, by: Field | undefined, state: { sort: Sort | undefined }, draw: () => void): HTMLElement {
  const sorted = field === by ? (state.sort?.desc ? 'descending' : 'ascending') : 'none';
  const button = h(
    'button',
    {
      onclick: () => {
        state.sort = { field: field.name, desc: field === by ? !state.sort?.desc : field.type === 'number' };
        const place = button.closest('tr')?.querySelectorAll('button');
        const at = place ? [...place].indexOf(button) : 0;
        const holder = button.closest('.table-holder');
        draw();
        holder?.querySelectorAll<HTMLElement>('thead button')[at]?.focus();
      },
    },
    field.title,
    sorted === 'none' ? null : icon(sorted === 'descending' ? icons.down : 'M4 10l4-4 4 4'),
  );
  return h('th', { scope: 'col', class: field.type === 'number' ? 'figure' : '', 'aria-sort': sorted, title: field.config.description }, button);
}

// cellOf returns what makes the cell of a row.
function cellOf(scene: Scene, frame: Frame, field: Field, rich: boolean): (i: number) => HTMLElement {
  const options = field.config.custom?.cellOptions ?? { type: field.config.custom?.displayMode ?? 'auto' };
  const { min, max } = bounds([field]);
  return (i) => {
    const value = field.values[i] ?? null;
    const shown = show(field, value, scene.zone);
    const content = rich ? linked(scene, field.config.links, rowOf(scene, frame, field, i), data(value, shown.text)) : data(value, shown.text);
    const cell = h('td', { class: field.type === 'number' ? 'figure' : '' }, content);
    if (!rich) return cell;
    const tint = shown.colour && shown.colour !== colour('text') ? shown.colour : colour('blue');
    if (options.type === 'gauge' && typeof value === 'number') {
      cell.classList.add('bar-cell');
      const part = max > min ? Math.max(0, Math.min(1, (value - min) / (max - min))) : 0;
      cell.replaceChildren(h('div', {}, h('span', { class: 'cell-bar', 'aria-hidden': 'true' }, h('i', { style: { width: `${part * 100}%`, background: tint } })), content));
    } else if (options.type === 'color-background' && shown.colour) {
      cell.style.setProperty('background', shade(shown.colour, 0.15));
    } else if (options.type === 'color-text' && shown.colour) {
      cell.style.setProperty('color', shown.colour);
    }
    return cell;
  };
}
