// What uPlot is told of a panel: its scales, axes and series.
import uPlot from 'uplot';
import { colour, ink, series as paletteColour } from '../colours';
import { show, type Field } from '../fields';
import { clock, dayShort } from '../time';
import type { Scene } from '../scene';

export interface Line {
  field: Field;
  colour: string;
  shown: boolean;
  drawn: (number | null | undefined)[]; // stacked ones stand on those before them
}

export const tint = (field: Field, index: number): string => {
  const { color } = field.config;
  return color?.mode === 'fixed' || color?.mode === 'shades' ? colour(color.fixedColor) : paletteColour(index);
};

// font is the page's, which a canvas does not inherit.
const font = (): string => `12px ${getComputedStyle(document.body).fontFamily}`;

// scaleOf gives lines of one unit one scale, so that their heights can be compared.
export function scaleOf(field: Field): string {
  const { unit = 'none', custom } = field.config;
  return `y ${inShares(field) ? 'share' : unit}${custom?.axisPlacement === 'right' ? ' right' : ''}`;
}

// inShares tells whether a line is drawn as its part of all that it is stacked with.
export const inShares = (field: Field): boolean => field.config.custom?.stacking?.mode === 'percent';

export function axes(scene: Scene, lines: Line[]): uPlot.Axis[] {
  const common = { stroke: ink('faint'), font: font(), grid: { stroke: ink('line'), width: 1 }, ticks: { show: false } };
  const made: uPlot.Axis[] = [{ ...common, space: 64, size: 28, values: (_, at, __, ___, step) => at.map((time) => moment(time, step, scene.zone)) }];
  const scales = [...new Set(lines.map((line) => scaleOf(line.field)))];
  scales.forEach((scale, index) => {
    const fields = lines.filter((line) => scaleOf(line.field) === scale).map((line) => line.field);
    const field = fields[0]!;
    const right = index > 0 || field.config.custom?.axisPlacement === 'right';
    if (field.config.custom?.axisPlacement === 'hidden') return;
    made.push({
      ...common,
      scale,
      side: right ? 1 : 3,
      ...(index > 0 ? { grid: { show: false } } : {}),
      ...(field.config.custom?.axisLabel ? { label: field.config.custom.axisLabel, labelFont: font(), labelSize: 18 } : {}),
      values: (_, at) => at.map((value) => show({ ...field, config: { ...field.config, mappings: [], decimals: null, ...(inShares(field) ? { unit: 'percent' } : {}) } }, value, scene.zone, true).text),
      size: (u, texts, axis) => widest(u, texts, axis),
    });
  });
  return made;
}

function widest(u: uPlot, texts: string[] | null, axis: number): number {
  if (!texts || texts.length === 0) return 30;
  u.ctx.save();
  u.ctx.font = String((u.axes[axis]!.font as unknown as string[])[0] ?? font());
  const width = Math.max(...texts.map((text) => u.ctx.measureText(text).width)) / devicePixelRatio;
  u.ctx.restore();
  return Math.ceil(width) + 14;
}

function moment(time: number, step: number, zone: string): string {
  const at = clock(time, zone);
  return step >= 864e5 || at === '00:00' ? dayShort(time, zone) : at;
}

export function scales(lines: Line[]): uPlot.Scales {
  const made: uPlot.Scales = { x: { time: true } };
  for (const line of lines) {
    const key = scaleOf(line.field);
    if (made[key]) continue;
    const fields = lines.filter((one) => scaleOf(one.field) === key).map((one) => one.field);
    made[key] = { range: (_, low, high) => range(fields, low, high) };
  }
  return made;
}

// range begins at nought, unless a value is below it or the settings say otherwise, and ends above the largest value.
function range(fields: Field[], low: number | null, high: number | null): uPlot.Range.MinMax {
  const mins = fields.map((field) => field.config.min).filter((value): value is number => typeof value === 'number');
  const maxs = fields.map((field) => field.config.max).filter((value): value is number => typeof value === 'number');
  let min = mins.length ? Math.min(...mins) : Math.min(low ?? 0, 0);
  if (fields.some(inShares)) return [0, 100];
  let max = maxs.length ? Math.max(...maxs, high ?? 0) : (high ?? 1);
  if (max <= min) max = min + 1;
  if (!maxs.length) max += (max - min) * 0.08;
  if (min < 0) min += (min - max) * 0.05;
  return [min, max];
}

export function series(line: Line): uPlot.Series {
  const custom = line.field.config.custom ?? {};
  const bars = custom.drawStyle === 'bars';
  const points = custom.drawStyle === 'points';
  const known = line.drawn.filter((value) => typeof value === 'number').length;
  const fill = (custom.fillOpacity ?? (bars ? 70 : 0)) / 100;
  const dash = custom.lineStyle?.fill === 'dash' ? { dash: custom.lineStyle.dash ?? [8, 6] } : custom.lineStyle?.fill === 'dot' ? { dash: [2, 5] } : {};
  return {
    scale: scaleOf(line.field),
    label: line.field.title,
    show: line.shown,
    stroke: line.colour,
    width: points ? 0 : (custom.lineWidth ?? 1.5),
    ...(fill > 0 ? { fill: faded(line.colour, fill) } : {}),
    ...dash,
    spanGaps: custom.spanNulls === true,
    points: { show: points || custom.showPoints === 'always' || known < 3, size: custom.pointSize ?? 5, fill: line.colour },
    ...(points ? { paths: () => null } : { paths: builder(bars, custom.lineInterpolation) }),
  };
}

function builder(bars: boolean, interpolation: string | undefined): uPlot.Series.PathBuilder {
  if (bars) return uPlot.paths.bars!({ size: [0.7, 60] });
  if (interpolation === 'smooth') return uPlot.paths.spline!();
  if (interpolation?.startsWith('step')) return uPlot.paths.stepped!({ align: interpolation === 'stepBefore' ? -1 : 1 });
  return uPlot.paths.linear!();
}

function faded(hex: string, opacity: number): string {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return hex;
  return hex + Math.round(opacity * 255).toString(16).padStart(2, '0');
}
