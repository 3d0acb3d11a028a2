// A drawing that can be looked at more closely: by wheel, pointer, keys and buttons.
import { h } from '../dom';
import type { Panel } from '../grafana';
import { t } from '../texts';

// View is the part that is seen: its left upper corner, and how much smaller than the whole it is.
interface View {
  x: number;
  y: number;
  zoom: number;
}

const most = 12;
const whole: View = { x: 0, y: 0, zoom: 1 };

// What somebody looks at stays when the panel is drawn again.
const views = new WeakMap<Panel, View>();

// pannable puts the drawing, which is of this size, into a frame with its controls. The wheel zooms what has the focus, or with Ctrl:
// a page that is scrolled past a map goes on scrolling.
export function pannable(panel: Panel, svg: SVGSVGElement, width: number, height: number): HTMLElement {
  let view = views.get(panel) ?? whole;
  const show = (next: View) => {
    const zoom = Math.max(1, Math.min(most, next.zoom));
    const keep = (at: number, size: number) => Math.max(0, Math.min(size - size / zoom, at));
    view = { zoom, x: keep(next.x, width), y: keep(next.y, height) };
    views.set(panel, view);
    svg.setAttribute('viewBox', `${view.x} ${view.y} ${width / zoom} ${height / zoom}`);
    frame.classList.toggle('zoomed', zoom > 1);
  };
  // about zooms around a point, given as parts of what is seen.
  const about = (factor: number, px = 0.5, py = 0.5) => {
    const zoom = Math.max(1, Math.min(most, view.zoom * factor));
    show({ zoom, x: view.x + (px * width) / view.zoom - (px * width) / zoom, y: view.y + (py * height) / view.zoom - (py * height) / zoom });
  };
  const move = (dx: number, dy: number) => show({ ...view, x: view.x + (dx * width) / view.zoom, y: view.y + (dy * height) / view.zoom });
  const keys: Record<string, () => void> = {
    '+': () => about(1.5), '=': () => about(1.5), '-': () => about(1 / 1.5), '0': () => show(whole),
    ArrowLeft: () => move(-0.15, 0), ArrowRight: () => move(0.15, 0), ArrowUp: () => move(0, -0.15), ArrowDown: () => move(0, 0.15),
  };
  const button = (sign: string, name: string, factor: number) => h('button', { 'aria-label': name, title: name, onclick: () => about(factor) }, sign);
  const canvas = h('div', { class: 'pannable-canvas', tabindex: 0, role: 'application', 'aria-roledescription': t('map.role'), 'aria-label': `${panel.title ?? ''}. ${t('map.keys')}` }, svg);
  const frame = h('div', { class: 'pannable' }, canvas, h('div', { class: 'zoom' }, button('+', t('map.in'), 1.5), button('−', t('map.out'), 1 / 1.5)));
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return;
      event.preventDefault();
      const at = canvas.getBoundingClientRect();
      about(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 400), (event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height);
    },
    { passive: false },
  );
  drag(canvas, () => view.zoom > 1, move);
  show(view);
  return frame;
}

// drag tells by which part of the element a pointer was moved with its button down; a click stays a click.
function drag(element: HTMLElement, may: () => boolean, moved: (dx: number, dy: number) => void): void {
  let last: PointerEvent | undefined;
  let far = false;
  element.addEventListener('pointerdown', (event) => {
    if (event.button === 0 && may()) last = event;
    far = false;
  });
  element.addEventListener('pointermove', (event) => {
    if (!last) return;
    if (!far && Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < 4) return;
    if (!far) element.setPointerCapture(event.pointerId);
    far = true;
    const { width, height } = element.getBoundingClientRect();
    moved((last.clientX - event.clientX) / width, (last.clientY - event.clientY) / height);
    last = event;
  });
  for (const kind of ['pointerup', 'pointercancel'] as const) element.addEventListener(kind, () => (last = undefined));
  element.addEventListener(
    'click',
    (event) => {
      if (far) event.stopPropagation();
      far = false;
    },
    { capture: true },
  );
}
