import { h, replace } from './dom';
import { anchor } from './scene';
import type { Page, Shell } from './shell';
import { t } from './texts';

// ListPage is the first page: every dashboard that the caller may see, with what it is for.
export class ListPage implements Page {
  readonly node = h('main', { class: 'list', id: 'main', tabindex: -1 });

  constructor(private readonly shell: Shell) {}

  async open(): Promise<void> {
    document.title = 'Mayak';
    const { dashboards, sites } = await this.shell.catalogue();
    const card = (path: string, title: string, about: string) => h('li', {}, h('h2', {}, anchor(this.shell, path, '', false, title)), h('p', {}, about));
    replace(
      this.node,
      h('h1', {}, t('list.title')),
      sites.length === 0 ? h('p', { class: 'note' }, t('list.no_sites')) : null,
      h('ul', { class: 'cards' }, card('/live', t('live.title'), t('live.about')), ...dashboards.map(({ uid, title, description }) => card(`/d/${uid}`, title, description ?? ''))),
    );
  }
}
