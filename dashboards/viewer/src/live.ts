// Who is on the site now: counts only, told by the server as they change.
import { series } from './colours';
import { h, replace } from './dom';
import { country } from './countries';
import { number } from './format';
import { data } from './scene';
import type { Page, Shell } from './shell';
import { clock } from './time';
import { t } from './texts';

interface Group {
  path?: string;
  country?: string;
  channel?: string;
  visitors: number | null;
  other?: boolean;
}

interface Now {
  at: number;
  visitors: number | null;
  few?: boolean;
  views: number[] | null;
  pages: Group[] | null;
  countries: Group[] | null;
  channels: Group[] | null;
  smallest_group: number;
}

// patience is how long an answer may be old: the server tells the same again every twenty seconds, as long as it knows.
const patience = 60_000;

export class LivePage implements Page {
  readonly node = h('main', { class: 'live', id: 'main', tabindex: -1 });
  private source: EventSource | undefined;
  private listening: (() => void) | undefined;
  private closed = false;
  private told = '';
  private stale: ReturnType<typeof setTimeout> | undefined;
  private readonly status = h('p', { class: 'zone', role: 'status' });
  private readonly body = h('div', { class: 'live-body' });

  constructor(private readonly shell: Shell, private readonly wanted: string | null) {}

  async open(): Promise<void> {
    document.title = `${t('live.title')} · Mayak`;
    const { sites } = await this.shell.catalogue();
    if (this.closed) return;
    const site = sites.find(({ id }) => id === this.wanted) ?? sites[0];
    if (!site) {
      replace(this.node, h('p', { class: 'note' }, t('list.no_sites')));
      return;
    }
    const choice = h('select', { 'aria-label': t('live.site'), onchange: () => this.shell.go(`/live?site=${encodeURIComponent(choice.value)}`) }, ...sites.map(({ id }) => h('option', { value: id, selected: id === site.id }, id)));
    replace(this.node, h('div', { class: 'board-head' }, h('h1', {}, t('live.title')), h('div', { class: 'controls' }, choice)), this.status, this.body);
    this.listening = () => this.heed(site.id, site.time_zone);
    document.addEventListener('visibilitychange', this.listening);
    this.listening();
  }

  // heed listens while somebody can see the page: a tab in the background holds no connection, and tells the server of nobody.
  private heed(site: string, zone: string): void {
    this.source?.close();
    this.source = undefined;
    clearTimeout(this.stale);
    if (document.hidden) return;
    this.status.textContent = t('live.connecting');
    this.listen(site, zone);
  }

  // listen hears of every change. The browser connects again by itself, unless the server said no.
  private listen(site: string, zone: string): void {
    const source = (this.source = new EventSource(`/api/live?site=${encodeURIComponent(site)}`));
    source.addEventListener('now', (event) => {
      const now = JSON.parse((event as MessageEvent<string>).data) as Now;
      const time = clock(now.at, zone, true);
      this.status.textContent = t('live.at', { time });
      clearTimeout(this.stale);
      this.stale = setTimeout(() => (this.status.textContent = t('live.stale', { time })), patience);
      const same = JSON.stringify({ ...now, at: 0 });
      if (same !== this.told) this.draw(now); // who listens to the page hears of what changed
      this.told = same;
    });
    source.addEventListener('error', () => {
      clearTimeout(this.stale);
      this.status.textContent = source.readyState === EventSource.CLOSED ? t('live.refused') : t('live.connecting');
    });
  }

  private draw(now: Now): void {
    const total = now.visitors === null ? t('live.few', { count: now.smallest_group }) : number(now.visitors, 0);
    const names = channels();
    replace(
      this.body,
      h('section', { class: 'panel now' }, h('h2', {}, t('live.visitors')), h('p', { class: now.visitors === null ? 'live-few' : 'live-count', 'aria-live': 'polite' }, data(now.visitors, total)), minutes(now.views ?? [])),
      this.groups(t('live.pages'), now.pages, (group) => group.path ?? ''),
      this.groups(t('live.countries'), now.countries, (group) => (group.country ? country(group.country) : '')),
      this.groups(t('live.channels'), now.channels, ({ channel = '' }) => names.get(channel) ?? channel),
      now.smallest_group > 1 ? h('p', { class: 'zone' }, t('live.smallest', { count: now.smallest_group })) : null,
    );
  }

  private groups(title: string, list: Group[] | null, name: (group: Group) => string): HTMLElement {
    const max = Math.max(1, ...(list ?? []).map(({ visitors }) => visitors ?? 0));
    const rows = (list ?? []).map((group) =>
      h(
        'li',
        {},
        h('span', { class: 'bar-name' }, group.other ? t('live.other') : name(group) || t('live.unknown')),
        h('span', { class: 'bar-value' }, data(group.visitors, group.visitors === null ? '–' : number(group.visitors, 0))),
        h('span', { class: 'bar', 'aria-hidden': 'true' }, h('i', { style: { width: `${((group.visitors ?? 0) / max) * 100}%`, background: series(0) } })),
      ),
    );
    return h('section', { class: 'panel' }, h('h2', {}, title), rows.length > 0 ? h('ul', { class: 'bars' }, ...rows) : h('p', { class: 'note' }, t('live.nobody')));
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.stale);
    if (this.listening) document.removeEventListener('visibilitychange', this.listening);
    this.source?.close();
  }
}

// channels are called what dashboards call them.
const channels = (): Map<string, string> =>
  new Map([
    ['direct', t('channel.direct')],
    ['organic search', t('channel.organic_search')],
    ['paid search', t('channel.paid_search')],
    ['social', t('channel.social')],
    ['email', t('channel.email')],
    ['referral', t('channel.referral')],
    ['campaign', t('channel.campaign')],
    ['ai assistant', t('channel.ai_assistant')],
    ['internal', t('channel.internal')],
  ]);

// minutes are the page views of the last half hour, one bar a minute.
function minutes(views: number[]): HTMLElement {
  const max = Math.max(1, ...views);
  const bars = views.map((count, i) => h('i', { style: { height: `${(count / max) * 100}%`, background: series(0) }, title: `${i - views.length + 1} ${t('unit.min')}: ${count}` }));
  return h('div', {}, h('p', { class: 'zone' }, t('live.views', { count: views.reduce((a, b) => a + b, 0) })), h('div', { class: 'minutes', 'aria-hidden': 'true' }, ...bars));
}
