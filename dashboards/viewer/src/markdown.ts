// A small part of Markdown: headings, paragraphs, lists, bold, italics, code and links. It makes elements and knows no HTML, which is
// shown as it is written.
import { h, type Child } from './dom';

export type Anchor = (url: string, children: Child[]) => Node;

export function markdown(text: string, anchor: Anchor): HTMLElement {
  const root = h('div', { class: 'prose' });
  for (const block of text.replace(/\r/g, '').split(/\n\s*\n/)) {
    let lines = block.split('\n').filter((line) => line.trim() !== '');
    while (lines.length > 0) {
      const [element, used] = first(lines, anchor);
      root.appendChild(element);
      lines = lines.slice(used);
    }
  }
  return root;
}

// first makes an element of the lines at the start that belong together, and says how many they were.
function first(lines: string[], anchor: Anchor): [Node, number] {
  const heading = /^(#{1,4})\s+(.*)$/.exec(lines[0]!.trim());
  if (heading) {
    const level = Math.min(heading[1]!.length + 2, 6) as 3 | 4 | 5 | 6; // below the panel's own heading
    return [h(`h${level}`, {}, ...inline(heading[2]!, anchor)), 1];
  }
  for (const [tag, mark] of [['ul', /^\s*[-*]\s+/], ['ol', /^\s*\d+[.)]\s+/]] as const) {
    if (!mark.test(lines[0]!)) continue;
    const items = takeWhile(lines, (line) => mark.test(line));
    return [h(tag, {}, ...items.map((line) => h('li', {}, ...inline(line.replace(mark, ''), anchor)))), items.length];
  }
  const paragraph = takeWhile(lines, (line, i) => i === 0 || !/^(#{1,4}\s|\s*[-*]\s|\s*\d+[.)]\s)/.test(line));
  return [h('p', {}, ...inline(paragraph.join(' '), anchor)), paragraph.length];
}

function takeWhile(lines: string[], keep: (line: string, i: number) => boolean): string[] {
  const end = lines.findIndex((line, i) => !keep(line, i));
  return end < 0 ? lines : lines.slice(0, end);
}

function inline(text: string, anchor: Anchor): Child[] {
  const found = /\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*)\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/.exec(text);
  if (!found) return text === '' ? [] : [text];
  const [whole, bold, strong, italic, code, label, url] = found;
  let middle: Node;
  if (code !== undefined) middle = h('code', {}, code);
  else if (label !== undefined) middle = anchor(url!, inline(label, anchor));
  else if (italic !== undefined) middle = h('em', {}, ...inline(italic, anchor));
  else middle = h('strong', {}, ...inline((bold ?? strong)!, anchor));
  return [text.slice(0, found.index), middle, ...inline(text.slice(found.index + whole.length), anchor)];
}
