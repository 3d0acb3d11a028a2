// The picker of the time range: quick ones by name, or two moments of the site's clock; and how often to ask again.
import { h, icon, icons } from './dom';
import type { State } from './route';
import { fromLocal, local, rangeText, span } from './time';
import { language, t } from './texts';
import { dismissable } from './variables';

const quick = (): [string, string, string][] => [
  ['now-1h', 'now', t('range.hour')],
  ['now-24h', 'now', t('range.24h')],
  ['now/d', 'now', t('range.today')],
  ['now-1d/d', 'now-1d/d', t('range.yesterday')],
  ['now-7d', 'now', t('range.7d')],
  ['now-30d', 'now', t('range.30d')],
  ['now/M', 'now', t('range.month')],
  ['now-1M/M', 'now-1M/M', t('range.last_month')],
  ['now-90d', 'now', t('range.90d')],
  ['now-1y', 'now', t('range.year')],
];

export function rangePicker(state: State, zone: string, changed: () => void): HTMLElement {
  const known = quick().find(([from, to]) => from === state.from && to === state.to);
  const range = span(state.from, state.to, zone);
  const name = known?.[2] ?? (range ? rangeText(range, zone) : t('range.unreadable'));
  const choose = (from: string, to: string) => {
    state.from = from;
    state.to = to;
    changed();
  };
  const from = h('input', { type: 'datetime-local', value: range ? local(range.from, zone) : '' });
  const to = h('input', { type: 'datetime-local', value: range ? local(range.to, zone) : '' });
  const problem = h('p', { role: 'alert', class: 'reason' });
  const apply = (event: Event) => {
    event.preventDefault();
    const [first, last] = [fromLocal(from.value, zone), fromLocal(to.value, zone)];
    if (!(first < last)) problem.textContent = t('range.backwards');
    else choose(String(first), String(last));
  };
  const details = h(
    'details',
    { class: 'menu range' },
    h('summary', { 'aria-label': `${t('range.label')}: ${name}` }, icon(icons.clock), name),
    h(
      'div',
      { class: 'menu-body' },
      h('div', { class: 'quick' }, ...quick().map(([start, end, text]) => h('button', { 'aria-pressed': String(text === name), onclick: () => choose(start, end) }, text))),
      h('form', { onsubmit: apply }, h('label', {}, t('range.from'), from), h('label', {}, t('range.to'), to), problem, h('button', { class: 'primary' }, t('range.apply')), h('p', { class: 'zone' }, t('range.zone', { zone }))),
    ),
  );
  dismissable(details);
  return details;
}

export function refreshPicker(state: State, intervals: string[], changed: () => void, now: () => void): HTMLElement {
  const select = h(
    'select',
    {
      'aria-label': t('refresh.label'),
      title: t('refresh.label'),
      onchange: () => {
        state.refresh = select.value;
        changed();
      },
    },
    ...['', ...intervals].map((value) => h('option', { value, selected: value === state.refresh }, value === '' ? t('refresh.off') : pause(value))),
  );
  return h('span', { class: 'refresh' }, h('button', { class: 'quiet', 'aria-label': t('refresh.now'), title: t('refresh.now'), onclick: now }, icon(icons.refresh)), select);
}

// pause is how long a refresh waits: as Grafana writes it in English, else with the language's units.
function pause(value: string): string {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(value) ?? [];
  if (!count || language() === 'en') return value;
  return `${count}\u00a0${t(unit === 's' ? 'unit.s' : unit === 'm' ? 'unit.min' : unit === 'h' ? 'unit.h' : 'unit.d')}`;
}
