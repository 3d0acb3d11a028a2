// The bar of variables above a dashboard: one value, several with All, or free text. Values of a variable that depends on another
// are asked for again when that changes.
import { all, type Dashboard, type Variable } from './grafana';
import { options as askOptions, Refused, type Catalogue, type Parameters } from './api';
import { h, replace, uniqueId } from './dom';
import { country } from './countries';
import type { State } from './route';
import { t } from './texts';

interface Option {
  text: string;
  value: string;
}

export class VariableBar {
  readonly node = h('div', { class: 'variables' });
  private readonly known = new Map<string, Option[]>();
  private readonly refused = new Set<string>();

  constructor(private readonly board: Dashboard, private readonly state: State, private readonly sites: Catalogue['sites'], private readonly parameters: () => Parameters, private readonly changed: () => void) {}

  private list = (): Variable[] => this.board.templating?.list ?? [];

  // load asks for the values of every query, in order, since later ones may depend on earlier ones, and gives a value to what has none.
  async load(): Promise<void> {
    for (const variable of this.list()) {
      if (variable.type === 'query') this.known.set(variable.name, await this.ask(variable.name));
      else if (variable.type === 'custom') this.known.set(variable.name, (variable.options ?? []).filter(({ value }) => value !== all));
      this.settle(variable);
    }
    this.draw();
  }

  // ask knows sites and their zones already. What the caller's role may not see has no values, and is not shown.
  private async ask(name: string): Promise<Option[]> {
    const same = (value: string): Option => ({ text: value, value });
    if (name === 'site') return this.sites.map(({ id }) => same(id));
    if (name === 'zone') return this.sites.filter(({ id }) => id === this.state.vars.get('site')?.[0]).map(({ time_zone }) => same(time_zone));
    try {
      const found = await askOptions(this.board.uid, name, this.parameters());
      return found.map(({ text, value }) => ({ text: text === value ? this.word(name, value) : text, value }));
    } catch (problem) {
      if (problem instanceof Refused && (problem.status === 403 || problem.status === 404)) {
        this.refused.add(name);
        return [];
      }
      // What was chosen stays: the numbers of everybody must not stand where those of a part were asked for.
      return (this.state.vars.get(name) ?? []).filter((value) => value !== all).map((value) => ({ text: this.word(name, value), value }));
    }
  }

  // word is what panels call a value: a country's name, or the text that the column of the same name has for it.
  private word(name: string, value: string): string {
    if (name === 'country') return country(value);
    const columns = this.board.panels.flatMap((panel) => panel.fieldConfig?.overrides ?? []).filter(({ matcher }) => matcher.id === 'byName' && matcher.options === name);
    const mappings = columns.flatMap(({ properties }) => properties.filter(({ id }) => id === 'mappings').flatMap((one) => one.value as { type: string; options: any }[]));
    for (const { type, options } of mappings) if (type === 'value' && options[value]?.text) return options[value].text;
    return value;
  }

  private settle(variable: Variable): void {
    const options = this.known.get(variable.name);
    if (!options) return;
    const chosen = this.state.vars.get(variable.name) ?? [];
    const kept = chosen.filter((value) => (value === all ? variable.includeAll : options.some((option) => option.value === value)));
    if (kept.length > 0) this.state.vars.set(variable.name, kept);
    else this.state.vars.set(variable.name, variable.includeAll ? [all] : options.slice(0, 1).map(({ value }) => value));
  }

  private draw(): void {
    const shown = this.list().filter((variable) => variable.hide !== 2 && !this.refused.has(variable.name) && variable.type !== 'constant' && variable.type !== 'interval');
    const focused = document.activeElement?.closest('[data-variable]')?.getAttribute('data-variable');
    replace(this.node, ...shown.map((variable) => this.control(variable)));
    if (focused) this.node.querySelector<HTMLElement>(`[data-variable="${CSS.escape(focused)}"] :is(select, input, summary)`)?.focus();
  }

  private control(variable: Variable): HTMLElement {
    const label = variable.label || variable.name;
    if (variable.type === 'textbox') return this.textbox(variable, label);
    const options = this.known.get(variable.name) ?? [];
    return variable.multi ? this.several(variable, label, options) : this.one(variable, label, options);
  }

  private set(variable: Variable, values: string[]): void {
    this.state.vars.set(variable.name, values);
    this.changed();
  }

  private textbox(variable: Variable, label: string): HTMLElement {
    const input = h('input', { type: 'text', maxlength: 512, value: this.state.vars.get(variable.name)?.[0] ?? '', title: variable.description, onchange: () => this.set(variable, [input.value.trim()]) });
    return h('label', { 'data-variable': variable.name }, h('span', {}, label), input);
  }

  private one(variable: Variable, label: string, options: Option[]): HTMLElement {
    const chosen = this.state.vars.get(variable.name)?.[0];
    const choices = variable.includeAll ? [{ text: t('variable.all'), value: all }, ...options] : options;
    const select = h(
      'select',
      { title: variable.description, onchange: () => this.set(variable, [select.value]) },
      ...choices.map(({ text, value }) => h('option', { value, selected: value === chosen }, text)),
    );
    return h('label', { 'data-variable': variable.name }, h('span', {}, label), select);
  }

  // several is a button that opens a list of boxes to tick; it is applied when it closes.
  private several(variable: Variable, label: string, options: Option[]): HTMLElement {
    const chosen = new Set(this.state.vars.get(variable.name) ?? []);
    const before = [...chosen].join('\n');
    const everything = chosen.has(all);
    const texts = options.filter(({ value }) => chosen.has(value)).map(({ text }) => text);
    const name = everything || texts.length === 0 ? t('variable.all') : texts.length > 2 ? `${texts[0]} +${texts.length - 1}` : texts.join(', ');
    const box = ({ text, value }: Option) => {
      const input = h('input', { type: 'checkbox', value, checked: chosen.has(value) });
      input.addEventListener('change', () => {
        if (value === all) boxes.forEach((other) => (other.checked = other === input && input.checked));
        else boxes.filter((other) => other.value === all).forEach((other) => (other.checked = false));
      });
      boxes.push(input);
      return h('label', {}, input, text);
    };
    const boxes: HTMLInputElement[] = [];
    const choices = [...(variable.includeAll ? [{ text: t('variable.all'), value: all }] : []), ...options];
    const id = uniqueId();
    const details = h(
      'details',
      { class: 'menu', 'data-variable': variable.name },
      h('summary', { 'aria-labelledby': id }, h('span', { id, class: 'chosen' }, h('span', { class: 'label' }, label), name)),
      h('div', { class: 'menu-body', role: 'group', 'aria-label': label }, ...choices.map(box)),
    );
    const apply = () => {
      const values = boxes.filter((input) => input.checked).map((input) => input.value);
      const next = values.length > 0 ? values : variable.includeAll ? [all] : [...chosen];
      if (next.join('\n') !== before) this.set(variable, next);
    };
    details.addEventListener('toggle', () => {
      if (!details.open) apply();
    });
    dismissable(details);
    return details;
  }
}

// dismissable closes a menu by Escape, and when something beside it is clicked or focused.
export function dismissable(details: HTMLDetailsElement): void {
  const outside = (event: Event) => {
    if (details.open && !details.contains(event.target as Node)) details.open = false;
  };
  details.addEventListener('toggle', () => {
    const on = details.open ? document.addEventListener : document.removeEventListener;
    on.call(document, 'pointerdown', outside);
    on.call(document, 'focusin', outside);
  });
  details.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    details.open = false;
    details.querySelector('summary')?.focus();
  });
}
