import { login } from './api';
import { h } from './dom';
import type { Page, Shell } from './shell';
import { t } from './texts';

export class LoginPage implements Page {
  readonly node = h('main', { class: 'login', id: 'main', tabindex: -1 });

  constructor(private readonly shell: Shell) {}

  async open(): Promise<void> {
    document.title = `${t('login.title')} · Mayak`;
    const name = h('input', { name: 'username', autocomplete: 'username', required: true, autocapitalize: 'none' });
    const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
    const button = h('button', { class: 'primary' }, t('login.enter'));
    const problem = h('p', { role: 'alert', class: 'reason' });
    const enter = async (event: Event) => {
      event.preventDefault();
      button.disabled = true;
      problem.textContent = '';
      try {
        await login(name.value.trim(), password.value);
        this.shell.loggedIn();
      } catch (refused) {
        const { status, message } = refused as { status?: number; message: string };
        problem.textContent = status === 401 ? t('login.wrong') : message;
        button.disabled = false;
        password.select();
      }
    };
    this.node.append(
      h('form', { onsubmit: (event: Event) => void enter(event) }, h('h1', {}, t('login.title')), h('label', {}, t('login.name'), name), h('label', {}, t('login.password'), password), problem, button, h('p', { class: 'zone' }, t('login.help'))),
    );
    name.focus();
  }
}
