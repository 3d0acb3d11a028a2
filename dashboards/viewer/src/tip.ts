// One tooltip for the whole page. It only repeats what the table behind each chart has, so it is hidden from screen readers.
import { append, h, type Child } from './dom';

let box: HTMLElement | undefined;

export function tip(x: number, y: number, ...children: Child[]): void {
  if (!box) {
    box = h('div', { class: 'tip', 'aria-hidden': 'true' });
    document.body.appendChild(box);
  }
  box.replaceChildren();
  append(box, children);
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
  box.style.setProperty('left', `${Math.max(4, left)}px`);
  box.style.setProperty('top', `${Math.max(4, Math.min(y + 14, innerHeight - height - 4))}px`);
}

export function hideTip(): void {
  if (box) box.hidden = true;
}

// tipped shows lines of text while the pointer is over an element.
export function tipped<E extends Element>(element: E, ...lines: string[]): E {
  element.addEventListener('pointermove', (event) => {
    const { clientX, clientY } = event as PointerEvent;
    tip(clientX, clientY, ...lines.map((line, i) => h(i === 0 ? 'b' : 'div', {}, line)));
  });
  element.addEventListener('pointerleave', hideTip);
  return element;
}

// swatch is the little square that names a colour.
export const swatch = (colour: string): HTMLElement => h('i', { class: 'swatch', style: { background: colour } });
