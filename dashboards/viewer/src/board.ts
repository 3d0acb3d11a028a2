// A dashboard: its controls, and its panels on Grafana's grid of 24 columns, which is one column on a phone.
import { annotations, dashboard, Refused, type Catalogue } from './api';
import type { Dashboard, Panel } from './grafana';
import { h, replace, uniqueId } from './dom';
import { href, interpolate } from './links';
import { known, PanelView, type Setting } from './panel';
import { rangePicker, refreshPicker } from './picker';
import { address, complete, parameters, read, type State } from './route';
import { anchor } from './scene';
import type { Page, Shell } from './shell';
import { seconds, span, type Span } from './time';
import { t } from './texts';
import { VariableBar } from './variables';

export class BoardPage implements Page {
  readonly node = h('main', { class: 'board', id: 'main', tabindex: -1 });
  private readonly state: State;
  private readonly views: PanelView[] = [];
  private board!: Dashboard;
  private catalogue!: Catalogue;
  private bar!: VariableBar;
  private range!: Span;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abort = new AbortController();
  private readonly controls = h('div', { class: 'controls' });
  private readonly grid = h('div', { class: 'grid' });
  private readonly heights = new Map<HTMLElement, number[]>();
  private closed = false;

  constructor(private readonly shell: Shell, uid: string, search: string) {
    this.state = read(uid, search);
  }

  async open(): Promise<void> {
    this.node.append(h('p', { class: 'note', role: 'status' }, t('board.loading')));
    const [catalogue, board] = await Promise.all([this.shell.catalogue(), dashboard(this.state.uid)]);
    if (this.closed) return;
    this.catalogue = catalogue;
    this.board = { ...board, uid: this.state.uid };
    complete(this.state, board);
    document.title = `${board.title} · Mayak`;
    this.bar = new VariableBar(this.board, this.state, catalogue.sites, () => parameters(this.state, this.moment()), () => void this.changed(true));
    const links = h('nav', { class: 'board-links', 'aria-label': t('board.links') });
    replace(this.node, h('div', { class: 'board-head' }, h('h1', {}, board.title), links, this.controls), this.bar.node, this.grid);
    this.place();
    this.setSite();
    await this.bar.load();
    if (this.closed) return;
    this.setSite();
    this.boardLinks(links);
    await this.changed(false);
  }

  // setSite gives the site variable the first site that the caller has, when it has no value yet.
  private setSite(): void {
    const wanted = this.state.vars.get('site')?.[0];
    const found = this.catalogue.sites.find(({ id }) => id === wanted) ?? this.catalogue.sites[0];
    if (found && this.state.vars.has('site')) this.state.vars.set('site', [found.id]);
  }

  private zone(): string {
    const site = this.state.vars.get('site')?.[0];
    const zone = this.catalogue.sites.find(({ id }) => id === site)?.time_zone ?? this.catalogue.sites[0]?.time_zone;
    return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  private moment(): Span {
    return span(this.state.from, this.state.to, this.zone()) ?? span('now-7d', 'now', this.zone())!;
  }

  // changed puts the state into the address and asks for everything anew.
  private async changed(byHand: boolean): Promise<void> {
    this.node.setAttribute('aria-busy', 'true');
    if (byHand) {
      history.pushState(null, '', address(this.state));
      await this.bar.load();
    }
    history.replaceState(null, '', address(this.state));
    this.drawControls();
    await this.refresh();
  }

  private drawControls(): void {
    const intervals = this.board.timepicker?.refresh_intervals ?? ['30s', '1m', '5m', '15m'];
    const offered = this.state.refresh && !intervals.includes(this.state.refresh) ? [this.state.refresh, ...intervals] : intervals;
    const focused = this.controls.querySelector('.range')?.contains(document.activeElement);
    replace(this.controls, rangePicker(this.state, this.zone(), () => void this.changed(true)), refreshPicker(this.state, offered, () => void this.changed(true), () => void this.refresh()));
    if (focused) this.controls.querySelector('summary')?.focus();
  }

  private async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    this.range = this.moment();
    const setting: Setting = {
      state: this.state,
      zone: this.zone(),
      range: this.range,
      parameters: parameters(this.state, this.range),
      go: (target) => this.shell.go(target),
      zoom: (range) => {
        this.state.from = String(range.from);
        this.state.to = String(range.to);
        void this.changed(true);
      },
    };
    const notes = (this.board.annotations?.list ?? []).some(({ enable }) => enable !== false) ? annotations(this.state.uid, setting.parameters, abort.signal) : Promise.resolve([]);
    notes.then((list) => this.views.forEach((view) => view.annotate(list)), () => undefined); // panels say what is wrong
    await Promise.all(this.views.map((view) => view.load(this.state.uid, setting)));
    if (abort.signal.aborted) return;
    this.node.removeAttribute('aria-busy');
    this.next();
  }

  private next(): void {
    const every = seconds(this.state.refresh);
    if (every < 5 || this.closed) return;
    this.timer = setTimeout(() => (document.hidden ? this.next() : void this.refresh()), every * 1000);
  }

  // place lays the panels out: each row of the file is a section that can be folded, and what it hides is still there to be opened.
  private place(): void {
    let section = this.section();
    const panels = [...this.board.panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
    for (const panel of panels) {
      if (panel.type === 'row') {
        section = this.section(panel);
        for (const inner of panel.panels ?? []) this.put(section, inner);
      } else this.put(section, panel);
    }
  }

  private section(row?: Panel): HTMLElement {
    const cells = h('div', { class: 'cells', id: uniqueId() });
    if (!row) {
      this.grid.append(cells);
      return cells;
    }
    cells.hidden = row.collapsed === true;
    const button = h(
      'button',
      {
        'aria-expanded': String(!cells.hidden),
        'aria-controls': cells.id,
        onclick: () => {
          cells.hidden = !cells.hidden;
          button.setAttribute('aria-expanded', String(!cells.hidden));
        },
      },
      row.title ?? '',
    );
    this.grid.append(h('section', { class: 'row' }, h('h2', {}, button), cells));
    return cells;
  }

  private put(section: HTMLElement, panel: Panel): void {
    if (!known(panel)) return;
    const view = new PanelView(panel, interpolate(panel.title ?? '', this.state));
    const { x, w, h: high } = panel.gridPos;
    for (const [name, value] of [['--x', x + 1], ['--y', this.fall(section, panel) + 1], ['--w', w], ['--h', high]] as const) view.node.style.setProperty(name, String(value));
    this.views.push(view);
    section.append(view.node);
  }

  // fall is the row on which a panel comes to rest below those that are there, as in Grafana: what a role may not see leaves no hole.
  private fall(section: HTMLElement, panel: Panel): number {
    const heights = this.heights.get(section) ?? new Array<number>(24).fill(0);
    const { x, w, h: high } = panel.gridPos;
    const top = Math.max(0, ...heights.slice(x, x + w));
    heights.fill(top + high, x, x + w);
    this.heights.set(section, heights);
    return top;
  }

  // boardLinks are those that lead to one place; the head of the page has the other dashboards already.
  private boardLinks(nav: HTMLElement): void {
    const made = (this.board.links ?? []).flatMap((link) => {
      const query = [link.keepTime ? '${__url_time_range}' : '', link.includeVars ? '${__all_variables}' : ''].filter(Boolean).join('&');
      const target = () => href(query ? `${link.url}${link.url!.includes('?') ? '&' : '?'}${query}` : link.url!, this.state);
      if (link.type !== 'link' || !link.url || !target()) return [];
      const shown = anchor({ go: () => this.shell.go(target()!) }, target()!, link.tooltip ?? '', link.targetBlank === true, link.title);
      for (const event of ['pointerenter', 'focus']) shown.addEventListener(event, () => (shown.href = target()!)); // the state has changed since
      return [shown];
    });
    nav.hidden = made.length === 0;
    replace(nav, ...made);
  }

  redraw(): void {
    this.views.forEach((view) => view.redraw());
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.abort.abort();
    this.views.forEach((view) => view.close());
  }
}

export const isLoggedOut = (problem: unknown): boolean => problem instanceof Refused && problem.status === 401;
