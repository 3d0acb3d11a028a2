// One panel: its head, what the API answers drawn by its kind, and the table behind it.
import type { Annotation, Panel, RawFrame } from './grafana';
import { inTurn, panel as askPanel, Refused, type Answer, type Parameters } from './api';
import { h, icon, icons, replace, uniqueId } from './dom';
import { dress, isEmpty, type Frame } from './fields';
import { href, interpolate } from './links';
import { anchor, type Draw, type Drawing, type Scene } from './scene';
import { t } from './texts';
import { transform, wide } from './transform';
import { bargauge, barchart } from './panels/bars';
import { geomap } from './panels/geomap';
import { heatmap, timeline } from './panels/grid';
import { gauge, piechart } from './panels/round';
import { stat } from './panels/stat';
import { behind, table } from './panels/table';
import { text } from './panels/text';
import { timeseries } from './panels/timeseries';
import { interval, seconds, span } from './time';

const kinds: Record<string, Draw> = {
  stat, gauge, bargauge, timeseries, barchart, piechart, table, heatmap, geomap, text, 'state-timeline': timeline,
};

// Those draw series, so a frame in the long form is made wide for them.
const ofSeries = new Set(['timeseries', 'heatmap', 'state-timeline', 'stat', 'gauge', 'bargauge']);
// Those are readable as they are.
const plain = new Set(['table', 'text', 'stat']);
// figures is the data source of the processes' own figures, of which the aggregator remembers a day.
const figures = 'mayak-metrics';

export type Setting = Omit<Scene, 'panel' | 'width' | 'height' | 'annotations'> & { parameters: Parameters };

export class PanelView {
  readonly node: HTMLElement;
  private readonly body = h('div', { class: 'panel-body' });
  private readonly switch: HTMLButtonElement;
  private raw: RawFrame[] | undefined;
  private drawing: Drawing | undefined;
  private setting: Setting | undefined;
  private notes: Annotation[] = [];
  private asTable = false;
  private abort: AbortController | undefined;
  private size = '';
  private readonly watch = new ResizeObserver(() => this.resized());

  constructor(readonly panel: Panel, title: string) {
    const heading = uniqueId();
    const hint = h('p', { class: 'description', id: uniqueId(), hidden: true }, panel.description ?? '');
    this.switch = h('button', { class: 'quiet', 'aria-pressed': 'false', onclick: () => this.turn() }, icon(icons.table));
    this.label();
    this.node = h(
      'section',
      { class: `panel panel-${panel.type}`, 'aria-labelledby': heading, 'data-panel': panel.id },
      h(
        'header',
        {},
        h('h3', { id: heading, hidden: title === '' }, title),
        h('span', { class: 'panel-links' }),
        panel.description ? explain(hint, title) : null,
        plain.has(panel.type) ? null : this.switch,
      ),
      hint,
      this.body,
    );
    this.watch.observe(this.body);
  }

  // load asks for the panel's data and draws it. What is drawn stays until the answer is there.
  async load(uid: string, setting: Setting): Promise<void> {
    this.setting = setting;
    this.links();
    if (this.panel.type === 'text') {
      this.raw = [];
      this.draw();
      return;
    }
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.node.setAttribute('aria-busy', 'true');
    if (!this.raw) replace(this.body, h('div', { class: 'skeleton' }, t('panel.loading')));
    try {
      const answer = await inTurn(() => (abort.signal.aborted ? Promise.reject(new DOMException('', 'AbortError')) : this.ask(uid, setting, abort.signal)));
      if (abort.signal.aborted) return;
      this.raw = transform(this.panel, answer.frames);
      if (ofSeries.has(this.panel.type) && !this.panel.options?.reduceOptions?.values) this.raw = this.raw.map(wide);
      this.draw(answer.notice);
    } catch (problem) {
      if (!abort.signal.aborted) this.failed(problem as Error, uid, setting);
    } finally {
      if (!abort.signal.aborted) this.node.removeAttribute('aria-busy');
    }
  }

  private ask(uid: string, setting: Setting, signal: AbortSignal): Promise<Answer> {
    const width = this.body.clientWidth || 400;
    const range = this.panel.timeFrom ? (span(`now-${this.panel.timeFrom}`, 'now', setting.zone) ?? setting.range) : setting.range;
    const points = this.panel.maxDataPoints ?? width / (this.panel.type === 'heatmap' || this.panel.fieldConfig?.defaults.custom?.drawStyle === 'bars' ? 12 : 3);
    const step = interval(range, points, Math.max(seconds(this.panel.interval ?? ''), 60));
    return askPanel(uid, this.panel.id, [...setting.parameters, ['interval', String(step)]], signal);
  }

  annotate(notes: Annotation[]): void {
    this.notes = notes;
    if (this.panel.type === 'timeseries' && this.raw) this.draw();
  }

  // redraw is for a new theme or another size of the window.
  redraw(): void {
    if (this.raw) this.draw();
  }

  close(): void {
    this.abort?.abort();
    this.drawing?.close?.();
    this.watch.disconnect();
    this.node.remove();
  }

  private resized(): void {
    const size = `${this.body.clientWidth} ${this.body.clientHeight}`;
    if (size === this.size || !this.raw || this.body.clientWidth === 0) return;
    this.draw();
  }

  private draw(notice?: string): void {
    const setting = this.setting!;
    if (!this.node.isConnected) return;
    this.drawing?.close?.();
    this.drawing = undefined;
    this.size = `${this.body.clientWidth} ${this.body.clientHeight}`;
    if (this.panel.type !== 'text' && isEmpty(this.raw!)) {
      replace(this.body, h('p', { class: 'note' }, notice ?? (this.panel.datasource?.uid === figures ? t('panel.no_figures') : t('panel.empty'))));
      return;
    }
    const { paddingLeft, paddingRight, paddingTop, paddingBottom } = getComputedStyle(this.body);
    const width = this.body.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const height = this.body.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
    const scene: Scene = { ...setting, panel: this.panel, width, height, annotations: this.notes };
    const frames: Frame[] = dress(this.panel, this.raw!);
    const made = this.asTable ? { node: behind(scene, frames) } : kinds[this.panel.type]!(scene, frames);
    this.drawing = made;
    replace(this.body, made.node);
    this.node.dataset.ready = String(Number(this.node.dataset.ready ?? 0) + 1);
  }

  private failed(problem: Error, uid: string, setting: Setting): void {
    if (problem instanceof Refused && problem.status === 401) return; // the board goes to the login
    this.drawing?.close?.();
    this.raw = undefined;
    const again = h('button', { onclick: () => void this.load(uid, setting) }, t('panel.again'));
    replace(this.body, h('div', { class: 'note problem', role: 'alert' }, h('p', {}, t('panel.failed')), h('p', { class: 'reason' }, problem.message), again));
  }

  private turn(): void {
    this.asTable = !this.asTable;
    this.label();
    if (this.raw) this.draw();
  }

  private label(): void {
    const text = t('panel.table');
    this.switch.setAttribute('aria-pressed', String(this.asTable));
    this.switch.setAttribute('aria-label', `${text}: ${this.panel.title ?? ''}`);
    this.switch.title = this.asTable ? t('panel.chart') : text;
    replace(this.switch, icon(this.asTable ? icons.chart : icons.table));
  }

  private links(): void {
    const setting = this.setting!;
    const anchors = (this.panel.links ?? []).flatMap((link) => {
      const target = href(link.url, setting.state);
      return target ? [anchor(setting, target, '', link.targetBlank === true, interpolate(link.title, setting.state))] : [];
    });
    replace(this.node.querySelector('.panel-links')!, ...anchors);
  }
}

function explain(hint: HTMLElement, title: string): HTMLElement {
  const button = h(
    'button',
    {
      class: 'quiet',
      'aria-expanded': 'false',
      'aria-controls': hint.id,
      'aria-label': `${t('panel.about')}: ${title}`,
      title: hint.textContent,
      onclick: () => {
        hint.hidden = !hint.hidden;
        button.setAttribute('aria-expanded', String(!hint.hidden));
      },
    },
    icon(icons.info),
  );
  return button;
}

export const known = (panel: Panel): boolean => panel.type in kinds;
