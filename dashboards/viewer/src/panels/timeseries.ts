import uPlot from 'uplot';
import type { Annotation, Value } from '../grafana';
import { colour } from '../colours';
import { join, leave, share } from '../crosshair';
import { h } from '../dom';
import { numeric, ofTime, show, steps, type Frame } from '../fields';
import { legend } from '../legend';
import { linked, rowOf, type Draw, type Drawing, type Scene } from '../scene';
import { dateTime } from '../time';
import { t } from '../texts';
import { hideTip, swatch, tip } from '../tip';
import { axes, inShares, scaleOf, scales, series, tint, type Line } from './plot';

// timeseries draws lines, bars or points over time, stacked or not. The arrow keys walk through the points, and what the cursor
// stands on is said to screen readers.
export const timeseries: Draw = (scene, frames) => {
  const { times, lines } = gather(frames);
  const node = h('div', { class: 'timeseries' });
  const canvas = h('div', {
    class: 'plot',
    tabindex: 0,
    role: 'application',
    'aria-roledescription': t('chart.role'),
    'aria-label': `${scene.panel.title ?? ''}. ${t('chart.keys')}`,
  });
  const spoken = h('div', { class: 'heard', 'aria-live': 'polite' });
  node.append(canvas, spoken);
  let plot: uPlot | undefined;
  let names: HTMLElement | undefined;
  const end = () => {
    if (!plot) return;
    leave(plot);
    plot.destroy();
  };
  const draw = () => {
    end();
    names?.remove();
    names = legend(scene, lines.map((line) => ({ field: line.field, colour: line.colour, shown: line.shown })), (index) => {
      lines[index]!.shown = !lines[index]!.shown;
      draw();
      names?.querySelectorAll('button')[index]?.focus();
    });
    if (names) node.append(names);
    plot = chart(scene, times, lines, canvas, Math.max(60, scene.height - legendHeight(scene, lines)));
    join(plot);
  };
  draw();
  canvas.addEventListener('keydown', (event) => walk(event, scene, plot!, times, lines, spoken));
  canvas.addEventListener('pointerleave', hideTip);
  canvas.addEventListener('blur', () => plot!.setCursor({ left: -10, top: -10 }));
  return {
    node,
    close: () => {
      end();
      hideTip();
    },
  } satisfies Drawing;
};

function gather(frames: Frame[]): { times: number[]; lines: Line[] } {
  const stamped = frames.flatMap((frame) => {
    const time = ofTime(frame);
    return time ? [{ frame, time: time.values as number[] }] : [];
  });
  const times = [...new Set(stamped.flatMap(({ time }) => time))].sort((a, b) => a - b);
  const at = new Map(times.map((time, i) => [time, i]));
  const lines: Line[] = [];
  for (const { frame, time } of stamped) {
    for (const field of numeric(frame)) {
      // A time that only another frame has is no gap: it is left undefined, and lines go on over it.
      const values = new Array<Value | undefined>(times.length).fill(undefined);
      field.values.forEach((value, i) => (values[at.get(time[i]!)!] = value));
      lines.push({ field: { ...field, values: values as Value[] }, colour: tint(field, lines.length), shown: true, drawn: values as Line['drawn'] });
    }
  }
  return { times, lines };
}

function legendHeight(scene: Scene, lines: Line[]): number {
  const options = scene.panel.options?.legend;
  if (options?.showLegend === false || options?.displayMode === 'hidden') return 0;
  const width = lines.reduce((sum, { field }) => sum + field.title.length * 7 + 34 + (options?.calcs?.length ?? 0) * 90, 0);
  const rows = Math.max(1, Math.ceil(width / Math.max(scene.width, 1)));
  return Math.min(rows * 26, scene.height * 0.35) + 4;
}

// stack puts each shown line onto those before it, per scale and group, and says what is to be filled between.
function stack(lines: Line[]): uPlot.Band[] {
  const sums = new Map<string, { top: number[]; last: number }>();
  const bands: uPlot.Band[] = [];
  lines.forEach((line, index) => {
    const stacking = line.field.config.custom?.stacking ?? { mode: 'none' };
    const values = line.field.values as Line['drawn'];
    line.drawn = values;
    if (stacking.mode === 'none' || !line.shown) return;
    const key = groupOf(line);
    const below = sums.get(key);
    const base = below?.top ?? new Array<number>(values.length).fill(0);
    line.drawn = values.map((value, i) => ((value === null || value === undefined) && !below ? value : base[i]! + (value ?? 0)));
    if (below) bands.push({ series: [index + 1, below.last] });
    sums.set(key, { top: line.drawn.map((value, i) => value ?? base[i]!), last: index + 1 });
  });
  for (const line of lines) {
    const all = sums.get(groupOf(line));
    if (inShares(line.field) && line.shown && all) line.drawn = line.drawn.map((value, i) => (typeof value === 'number' && all.top[i]! > 0 ? (100 * value) / all.top[i]! : value));
  }
  return bands;
}

const groupOf = (line: Line): string => `${scaleOf(line.field)} ${line.field.config.custom?.stacking?.group ?? ''}`;

function chart(scene: Scene, times: number[], lines: Line[], parent: HTMLElement, height: number): uPlot {
  const bands = stack(lines);
  const options: uPlot.Options = {
    width: Math.max(scene.width, 60),
    height,
    ms: 1,
    tzDate: (time) => uPlot.tzDate(new Date(time), scene.zone),
    padding: [8, 20, 0, 0], // half of the last time lies beyond the axis
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: { ...scales(lines), x: { time: true, range: () => [scene.range.from, scene.range.to] } },
    axes: axes(scene, lines),
    series: [{}, ...lines.map(series)],
    bands,
    hooks: {
      drawClear: [(u) => areas(u, lines)],
      draw: [(u) => marks(u, scene, lines)],
      setCursor: [(u) => point(u, scene, times, lines)],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          scene.zoom({ from: Math.round(u.posToVal(u.select.left, 'x')), to: Math.round(u.posToVal(u.select.left + u.select.width, 'x')) });
        },
      ],
    },
  };
  return new uPlot(options, [times, ...lines.map((line) => line.drawn)] as uPlot.AlignedData, parent);
}

// areas and marks draw the thresholds behind and over the lines, and annotations.
function areas(u: uPlot, lines: Line[]): void {
  const line = lines.find(({ field }) => /area/.test(field.config.custom?.thresholdsStyle?.mode ?? ''));
  if (!line) return;
  const given = steps(line.field);
  const { left, top, width, height } = u.bbox;
  const y = (value: number) => Math.max(top, Math.min(top + height, u.valToPos(value, scaleOf(line.field), true)));
  given.forEach((step, i) => {
    if (step.color === 'transparent') return;
    const low = step.value === null ? top + height : y(step.value);
    const next = given[i + 1]?.value;
    const high = next === undefined || next === null ? top : y(next);
    u.ctx.save();
    u.ctx.globalAlpha = 0.1;
    u.ctx.fillStyle = colour(step.color);
    u.ctx.fillRect(left, high, width, low - high);
    u.ctx.restore();
  });
}

function marks(u: uPlot, scene: Scene, lines: Line[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  const line = lines.find(({ field }) => /line|dashed/.test(field.config.custom?.thresholdsStyle?.mode ?? ''));
  for (const step of line ? steps(line.field) : []) {
    if (step.value === null) continue;
    const y = u.valToPos(step.value, scaleOf(line!.field), true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    stroke(ctx, colour(step.color), [6, 4], bbox.left, y, bbox.left + bbox.width, y);
  }
  for (const annotation of scene.annotations) {
    const x = u.valToPos(annotation.time, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const paint = colour(annotation.tags?.includes('incident') ? 'red' : 'blue'); // what was done, as a deployment, is blue
    if (endOf(annotation, scene) > annotation.time) {
      const end = Math.min(u.valToPos(endOf(annotation, scene), 'x', true), bbox.left + bbox.width);
      ctx.globalAlpha = 0.12;
      ctx.fillStyle = paint;
      ctx.fillRect(x, bbox.top, end - x, bbox.height);
      ctx.globalAlpha = 1;
    }
    stroke(ctx, paint, [3, 3], x, bbox.top, x, bbox.top + bbox.height);
  }
  ctx.restore();
}

function stroke(ctx: CanvasRenderingContext2D, paint: string, dash: number[], x1: number, y1: number, x2: number, y2: number): void {
  ctx.strokeStyle = paint;
  ctx.setLineDash(dash.map((part) => part * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function point(u: uPlot, scene: Scene, times: number[], lines: Line[]): void {
  const { idx, left, top } = u.cursor;
  if (idx === null || idx === undefined || (left ?? -1) < 0) {
    hideTip();
    share(u, undefined);
    return;
  }
  share(u, u.posToVal(left!, 'x'));
  const at = u.over.getBoundingClientRect();
  const time = times[idx]!;
  const rows = lines.filter((line) => line.shown && line.field.values[idx] !== undefined && line.field.values[idx] !== null).map((line) => h('div', {}, swatch(line.colour), line.field.title, h('b', {}, valueAt(scene, line, idx))));
  const near = happened(u, scene, left!).map((text) => h('div', { class: 'tip-note' }, text));
  tip(at.left + left!, at.top + Math.max(top ?? 0, 0), h('div', { class: 'tip-time' }, dateTime(time, scene.zone)), ...rows, ...near);
}

// endOf is when something was over: what is open goes on, and what has no end was a moment.
const endOf = ({ time, time_end, tags }: Annotation, scene: Scene): number => Math.max(time, time_end ?? (tags?.includes('open') ? Math.min(Date.now(), scene.range.to) : time));

// happened is what is told of at this place: of moments beside it, and of spans around it.
const happened = (u: uPlot, scene: Scene, left: number): string[] =>
  scene.annotations
    .filter((one) => u.valToPos(one.time, 'x') - 6 < left && left < u.valToPos(endOf(one, scene), 'x') + 6)
    .map(({ title, text }) => [title, text].filter(Boolean).join(': '));

const valueAt = (scene: Scene, line: Line, index: number): string => show(line.field, line.field.values[index] ?? null, scene.zone).text;

// walk moves the cursor by the arrow keys, Home and End; Enter follows the point's link.
function walk(event: KeyboardEvent, scene: Scene, u: uPlot, times: number[], lines: Line[], spoken: HTMLElement): void {
  const last = times.length - 1;
  const now = u.cursor.idx ?? -1;
  const target = { ArrowRight: now < 0 ? 0 : Math.min(now + 1, last), ArrowLeft: now < 0 ? last : Math.max(now - 1, 0), Home: 0, End: last }[event.key];
  if (event.key === 'Enter' && now >= 0) {
    const line = lines.find((one) => one.shown && one.field.config.links?.length);
    if (line) (linked(scene, line.field.config.links, rowOf(scene, { refId: '', name: '', fields: [line.field] }, line.field, now)) as HTMLElement).click();
    return;
  }
  if (target === undefined || last < 0) return;
  event.preventDefault();
  u.setCursor({ left: u.valToPos(times[target]!, 'x'), top: u.over.clientHeight / 3 });
  const values = lines.filter((line) => line.shown).map((line) => `${line.field.title} ${valueAt(scene, line, target)}`);
  const said = [values.join(', '), ...happened(u, scene, u.valToPos(times[target]!, 'x'))];
  spoken.textContent = `${dateTime(times[target]!, scene.zone)}: ${said.join('; ')}`;
}
