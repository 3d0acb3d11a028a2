// Elements are made here and nowhere else: no markup is ever parsed, so that no text of anybody can become one, and styles are set
// through the object model, which the content security policy allows where it forbids style attributes.

export type Child = Node | string | number | null | undefined | false;

type Attributes = Record<string, unknown> & { style?: Record<string, string> };

const svgNamespace = 'http://www.w3.org/2000/svg';

function fill<E extends Element & ElementCSSInlineStyle>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'style') {
      for (const [property, text] of Object.entries(value as Record<string, string>)) element.style.setProperty(property, text);
    } else if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value as EventListener);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(element, children);
  return element;
}

export function append(parent: Node, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function s<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(svgNamespace, tag) as SVGElementTagNameMap[K] & ElementCSSInlineStyle, attributes, children);
}

// replace puts the children where everything of parent was.
export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

let ids = 0;
export const uniqueId = (): string => `m${++ids}`;

// icon is a stroke drawing on a grid of 16, for decoration: whoever uses it names the thing in words.
export function icon(path: string): SVGSVGElement {
  return s(
    'svg',
    { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', class: 'icon' },
    s('path', { d: path, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }),
  );
}

export const icons = {
  table: 'M2 3h12v10H2zM2 6.500h12M2 10h12M6 3v10',
  chart: 'M2 2v12h12M5 11V8M8 11V5M11 11V7',
  info: 'M8 7v4M8 5v.01M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13z',
  refresh: 'M13.500 8a5.500 5.500 0 1 1-1.700-4M13.500 1.500v3h-3',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  clock: 'M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM8 4.500V8l2.500 1.500',
  sun: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  print: 'M4.500 6V2h7v4M4.500 12H2.500V6h11v6h-2M4.500 9.500h7V14h-7z',
};
