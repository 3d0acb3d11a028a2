// The frame around every page: the head with its menus, and which page the address asks for.
import { catalogue, logout, session, type Catalogue } from './api';
import { BoardPage, isLoggedOut } from './board';
import { h, icon, icons, replace } from './dom';
import { ListPage } from './list';
import { LivePage } from './live';
import { LoginPage } from './login';
import { chosen, language, languages, remember, remembered, speak, t, type Language } from './texts';
import { dismissable } from './variables';

export interface Page {
  readonly node: HTMLElement;
  open(): Promise<void>;
  redraw?(): void;
  close?(): void;
}

type Theme = 'system' | 'light' | 'dark';

const names: Record<Language, string> = { en: 'English', kk: 'Қазақша', ru: 'Русский' };

export class Shell {
  private page: Page | undefined;
  private known: Promise<Catalogue> | undefined;
  private readonly head = h('header', { class: 'head' });
  private readonly place = h('div', { class: 'place' });
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');

  start(): void {
    speak(chosen(new URLSearchParams(location.search).get('lang')));
    this.paint();
    document.body.replaceChildren(this.head, this.place);
    this.dark.addEventListener('change', () => this.paint());
    addEventListener('popstate', () => void this.show());
    addEventListener('beforeprint', () => this.paper(true));
    addEventListener('afterprint', () => this.paper(false));
    void this.show();
  }

  go(target: string): void {
    history.pushState(null, '', target);
    void this.show();
    scrollTo(0, 0);
  }

  catalogue(): Promise<Catalogue> {
    this.known ??= catalogue();
    this.known.catch(() => (this.known = undefined));
    return this.known;
  }

  private async show(): Promise<void> {
    this.page?.close?.();
    const page = (this.page = this.pageOf(location.pathname));
    this.drawHead(page);
    replace(this.place, page.node);
    try {
      await page.open();
    } catch (problem) {
      if (page !== this.page) return;
      if (isLoggedOut(problem)) this.toLogin();
      else replace(page.node, h('div', { class: 'note problem', role: 'alert' }, h('p', {}, t('page.failed')), h('p', { class: 'reason' }, (problem as Error).message), h('button', { onclick: () => void this.show() }, t('panel.again'))));
    }
  }

  private pageOf(path: string): Page {
    if (path === '/login') return new LoginPage(this);
    if (path === '/live') return new LivePage(this, new URLSearchParams(location.search).get('site'));
    const board = /^\/d\/(?:mayak-)?([^/]+)/.exec(path);
    return board ? new BoardPage(this, decodeURIComponent(board[1]!), location.search) : new ListPage(this);
  }

  // toLogin keeps where somebody wanted to go.
  toLogin(): void {
    this.known = undefined;
    const next = location.pathname === '/login' ? '/' : location.pathname + location.search;
    history.replaceState(null, '', `/login?next=${encodeURIComponent(next)}`);
    void this.show();
  }

  loggedIn(): void {
    this.known = undefined;
    const next = new URLSearchParams(location.search).get('next') ?? '/';
    history.replaceState(null, '', next.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/');
    void this.show();
  }

  // paper is light, whatever the screen is, and has room for everything that a screen would scroll: charts are drawn anew for its width.
  private paper(on: boolean): void {
    document.documentElement.classList.toggle('paper', on);
    this.paint(on ? 'light' : undefined, true);
  }

  private paint(theme: Theme = (remembered('theme') as Theme | null) ?? 'system', always = false): void {
    const resolved = theme === 'system' ? (this.dark.matches ? 'dark' : 'light') : theme;
    if (document.documentElement.dataset.theme === resolved && !always) return;
    document.documentElement.dataset.theme = resolved;
    this.page?.redraw?.();
  }

  private drawHead(page: Page): void {
    const skip = h('a', { class: 'skip', href: '#main', onclick: (event: Event) => { event.preventDefault(); document.getElementById('main')?.focus(); } }, t('head.skip'));
    const home = h('a', { class: 'brand', href: '/', onclick: (event: Event) => { event.preventDefault(); this.go('/'); } }, 'Mayak');
    const nav = h('nav', { 'aria-label': t('head.pages') });
    replace(this.head, skip, home, nav, h('span', { class: 'gap' }), this.settings(page));
    if (page instanceof LoginPage) return;
    this.catalogue().then((known) => this.drawNav(nav, known), () => undefined); // the page says what is wrong
  }

  private drawNav(nav: HTMLElement, known: Catalogue): void {
    const link = (path: string, title: string) =>
      h('a', { href: path, 'aria-current': location.pathname.replace('/d/mayak-', '/d/') === path ? 'page' : null, onclick: (event: MouseEvent) => { if (event.ctrlKey || event.metaKey || event.shiftKey) return; event.preventDefault(); this.go(this.keeping(path)); } }, title);
    replace(nav, link('/live', t('live.title')), ...known.dashboards.map(({ uid, title }) => link(`/d/${uid}`, title)));
  }

  // keeping takes the site and the time along from one dashboard to another.
  private keeping(path: string): string {
    const now = new URLSearchParams(location.search);
    const kept = new URLSearchParams();
    const site = now.get('var-site') ?? now.get('site');
    if (path === '/live') {
      if (site) kept.set('site', site);
    } else {
      for (const name of ['from', 'to']) if (now.has(name)) kept.set(name, now.get(name)!);
      if (site) kept.set('var-site', site);
    }
    return kept.size > 0 ? `${path}?${kept}` : path;
  }

  private settings(page: Page): HTMLElement {
    const speaking = h('select', { onchange: () => { remember('language', speaking.value); speak(speaking.value as Language); this.known = undefined; void this.show(); } }, ...languages.map((one) => h('option', { value: one, lang: one, selected: one === language() }, names[one])));
    const current = (remembered('theme') as Theme | null) ?? 'system';
    const themes: [Theme, string][] = [['system', t('theme.system')], ['light', t('theme.light')], ['dark', t('theme.dark')]];
    const theme = h('select', { onchange: () => { remember('theme', theme.value); this.paint(); } }, ...themes.map(([value, text]) => h('option', { value, selected: value === current }, text)));
    const leave = h('button', { onclick: () => void logout().catch(() => undefined).then(() => this.toLogin()) }, t('head.logout'));
    const who = h('span', { class: 'who' });
    if (!(page instanceof LoginPage)) session().then(({ name, role }) => replace(who, `${name} · ${role}`), () => undefined);
    const details = h(
      'details',
      { class: 'menu settings' },
      h('summary', { 'aria-label': t('head.settings'), title: t('head.settings') }, icon(icons.sun), h('span', { class: 'tag' }, language().toUpperCase())),
      h(
        'div',
        { class: 'menu-body' },
        h('label', {}, t('head.language'), speaking),
        h('label', {}, t('head.theme'), theme),
        h('button', { onclick: () => print() }, icon(icons.print), t('head.print')),
        ...(page instanceof LoginPage ? [] : [who, leave]),
      ),
    );
    dismissable(details);
    return details;
  }
}
