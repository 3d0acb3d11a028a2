import { colour, shade } from '../colours';
import { h, s } from '../dom';
import { numeric, ofText, show, type Field, type Frame } from '../fields';
import { country, world, type World } from '../countries';
import { linked, rowOf, type Draw, type Scene } from '../scene';
import { t } from '../texts';
import { hideTip, tipped } from '../tip';
import { pannable } from './pan';

// geomap colours each country by its value, the fuller the more; one that is too small for a shape is a dot.
export const geomap: Draw = (scene, frames) => {
  const node = h('div', { class: 'map' });
  let open = true;
  world().then(
    (map) => {
      if (open) node.replaceChildren(drawn(scene, frames, map));
    },
    () => {
      if (open) node.replaceChildren(h('p', { class: 'note' }, t('map.missing')));
    },
  );
  return {
    node,
    close: () => {
      open = false;
      hideTip();
    },
  };
};

interface Place {
  code: string;
  value: number;
  field: Field;
  frame: Frame;
  i: number;
}

function places(scene: Scene, frames: Frame[]): Map<string, Place> {
  const layer = scene.panel.options?.layers?.[0] ?? {};
  const found = new Map<string, Place>();
  for (const frame of frames) {
    const codes = frame.fields.find((field) => field.name === layer.location?.lookup) ?? ofText(frame);
    const field = frame.fields.find((one) => one.name === (layer.config?.style?.color?.field ?? layer.config?.style?.size?.field)) ?? numeric(frame)[0];
    codes?.values.forEach((code, i) => {
      const value = field?.values[i];
      if (typeof value === 'number') found.set(String(code).toUpperCase(), { code: String(code).toUpperCase(), value, field: field!, frame, i });
    });
  }
  return found;
}

function drawn(scene: Scene, frames: Frame[], map: World): HTMLElement {
  const known = places(scene, frames);
  const max = Math.max(...[...known.values()].map(({ value }) => value), 1);
  const full = colour('blue');
  // Countries differ by orders of magnitude, so the root of the share is what is seen.
  const fill = (place: Place | undefined) => (place ? shade(full, Math.sqrt(Math.max(place.value, 0) / max)) : 'var(--land)');
  const mark = (place: Place | undefined, shape: SVGElement) => {
    if (!place) return shape;
    tipped(shape, country(place.code), `${place.field.title}: ${show(place.field, place.value, scene.zone).text}`);
    const link = linked(scene, place.field.config.links, rowOf(scene, place.frame, place.field, place.i));
    if (link instanceof HTMLAnchorElement) {
      shape.classList.add('linked');
      shape.addEventListener('click', () => link.click());
    }
    return shape;
  };
  const shapes = Object.entries(map.shapes).map(([code, d]) => {
    const place = known.get(code);
    return mark(place, s('path', { d, 'data-country': code || null, 'fill-rule': 'evenodd', style: { fill: fill(place) } }));
  });
  const dots = Object.entries(map.points).flatMap(([code, [cx, cy]]) => {
    const place = known.get(code);
    return place ? [mark(place, s('circle', { cx, cy, r: 9, 'data-country': code, style: { fill: fill(place) } }))] : [];
  });
  return pannable(scene.panel, s('svg', { 'aria-hidden': 'true', class: 'world' }, ...shapes, ...dots), map.width, map.height);
}
