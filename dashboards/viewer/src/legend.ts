import { h } from './dom';
import { reduce, show, type Field } from './fields';
import { data, type Scene } from './scene';
import { t } from './texts';
import { swatch } from './tip';

export interface Entry {
  field: Field;
  colour: string;
  shown: boolean;
}

const calcNames: Record<string, () => string> = {
  min: () => t('calc.min'),
  max: () => t('calc.max'),
  mean: () => t('calc.mean'),
  sum: () => t('calc.sum'),
  last: () => t('calc.last'),
  lastNotNull: () => t('calc.last'),
};

// legend names the series; a button switches each on and off. With calcs it says a figure of each.
export function legend(scene: Scene, entries: Entry[], toggle: (index: number) => void): HTMLElement | undefined {
  const options = scene.panel.options?.legend ?? {};
  if (options.showLegend === false || options.displayMode === 'hidden') return undefined;
  const calcs: string[] = (options.calcs ?? []).filter((calc: string) => calcNames[calc]);
  const list = h('ul', { class: 'legend', 'aria-label': t('legend.label') });
  entries.forEach(({ field, colour, shown }, index) => {
    const figures = calcs.map((calc) => {
      const value = reduce(field.values.filter((one) => one !== undefined), calc);
      return h('span', { class: 'legend-figure' }, `${calcNames[calc]!()} `, data(value, show(field, value, scene.zone).text));
    });
    const button = h('button', { 'aria-pressed': String(shown), onclick: () => toggle(index) }, swatch(colour), field.title);
    list.appendChild(h('li', {}, button, ...figures));
  });
  return list;
}
