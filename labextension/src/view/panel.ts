/** The side panel: the workloads of one notebook's kernel, one of them in full; or what to do first. */

import { focus, workloads } from '../model/choose';
import { unfinished } from '../model/snapshot';
import type { ISeenWorkload, IView } from '../model/snapshot';
import { emulatedNow, usageNow } from '../model/time';
import { clock, count, grouped, workloadName } from '../model/words';
import { button, each, h, mark, say, show } from './dom';
import { Question } from './question';
import { WorkloadCard } from './workloadCard';
import type { ICardHost } from './workloadCard';

/** What the panel is to show. */
export interface IScene {
  /** Name of the current notebook; null when there is none. */
  notebook: string | null;
  view: IView | null;
  /** What is wrong with the wire, if anything. */
  notice: string;
  /** Now, in epoch milliseconds of the kernel's machine. */
  wallMs: number;
}

export interface IPanelHost extends ICardHost {
  /** Load the extension in the notebook's kernel. */
  load(): void;
  /** Insert a cell of this mode into the notebook. */
  insert(mode: 'session' | 'batch'): void;
}

/** Whether closing a workload changes anything. */
function closable(workload: ISeenWorkload): boolean {
  return workload.state !== 'closed' && workload.accepting && workload.mode !== 'job';
}

/** More workloads than these are not listed: the oldest closed ones go. */
const MOST = 50;

export class PanelView {
  /**
   * @param changed - called when something that only the panel knows has changed.
   */
  constructor(
    private readonly _host: IPanelHost,
    private readonly _changed: () => void
  ) {
    const host = this._host;
    this._card = new WorkloadCard(host, _changed);
    this._load = button('Load it now', 'qmode-Panel-button qmode-mod-main', () => host.load());
    this._session = button('Insert a session cell', 'qmode-Panel-button', () =>
      host.insert('session')
    );
    this._batch = button('Insert a batch cell', 'qmode-Panel-button', () => host.insert('batch'));
    this._empty.append(
      this._emptyTitle,
      this._emptyText,
      this._emptyCode,
      h('div', { class: 'qmode-Panel-buttons' }, this._load, this._session, this._batch)
    );
    this._list.addEventListener('click', event => {
      const row = (event.target as Element).closest('[data-workload]');
      if (row) {
        this._choose(row.getAttribute('data-workload')!);
      }
    });
    this._list.addEventListener('keydown', event => this._pressed(event));
    this.node.append(this._notice, this._ask.node, this._empty, this._list, this._card.node);
  }

  readonly node = h('div', { class: 'qmode-Panel-content' });

  render(scene: IScene): void {
    const { view, notebook, notice } = scene;
    say(this._notice, notice);
    show(this._notice, notice !== '');
    const shown = view ? this._shown(view) : null;
    show(this._empty, !shown);
    show(this._card.node, shown !== null);
    if (!view || !shown) {
      show(this._list, false);
      this._drawEmpty(notebook, view !== null);
      return;
    }
    const now = emulatedNow(view.clock, scene.wallMs);
    this._drawList(view, shown, now);
    this._card.render(view, shown, now);
  }

  /** Close all workloads that take jobs, after a question when there are jobs that have not finished. */
  closeAll(view: IView): void {
    const open = [...view.workloads.values()].filter(closable);
    const close = () =>
      open.forEach(
        one => void this._card.send({ runtime: view.runtime, action: 'close', id: one.id })
      );
    const jobs = open.reduce((sum, one) => sum + unfinished(one.counts), 0);
    if (!jobs || !this._host.confirms) {
      close();
      return;
    }
    const has = jobs === 1 ? '1 job has' : `${grouped(jobs)} jobs have`;
    this._ask.ask(
      {
        text: `${has} not finished and will run to the end. Anything submitted after this is refused.`,
        yes: `Close ${count(open.length, 'workload')}`,
        no: 'Keep them open'
      },
      close
    );
  }

  /** The workload in full: the one chosen; as long as it lives, or nothing newer does. */
  private _shown(view: IView): ISeenWorkload | null {
    const all = workloads(view);
    const first = focus(view);
    const chosen = all.find(workload => workload.id === this._chosen);
    const newer = first && chosen && first.id !== this._first && first.state !== 'closed';
    this._first = first?.id ?? null;
    if (!chosen || newer) {
      this._chosen = null;
      return first;
    }
    return chosen;
  }

  private _drawList(view: IView, shown: ISeenWorkload, now: number): void {
    const all = workloads(view).slice(0, MOST);
    show(this._list, all.length > 1);
    each(
      this._list,
      all.length > 1 ? all : [],
      () =>
        h(
          'div',
          { class: 'qmode-Panel-workload', role: 'option' },
          h('span', { class: 'qmode-Panel-dot', 'aria-hidden': 'true' }),
          h('span', { class: 'qmode-Panel-workloadName' }),
          h('span', { class: 'qmode-Panel-workloadWord' }),
          h('span', { class: 'qmode-Panel-workloadUsage' })
        ),
      (node, workload) => {
        const [, name, word, usage] = [...node.children];
        const chosen = workload.id === shown.id;
        mark(node, 'data-workload', workload.id);
        mark(node, 'data-state', workload.state);
        mark(node, 'aria-selected', chosen ? 'true' : 'false');
        mark(node, 'tabindex', chosen ? '0' : '-1');
        say(name!, workloadName(workload));
        mark(node, 'title', `${workloadName(workload)} on ${workload.backend}`);
        say(word!, workload.word);
        say(usage!, clock(usageNow(workload, view, now).usage));
      }
    );
  }

  private _drawEmpty(notebook: string | null, loaded: boolean): void {
    say(
      this._emptyTitle,
      notebook === null
        ? 'No notebook'
        : loaded
          ? 'Nothing has run yet'
          : 'Not loaded in this notebook'
    );
    say(
      this._emptyText,
      notebook === null
        ? 'Open a notebook to see its sessions, batches and jobs here.'
        : loaded
          ? 'Begin a cell with %%qsession or %%qbatch and run it. Its jobs, timeouts and usage show here while it runs.'
          : `To rehearse sessions and batches in ${notebook}, run this in a cell:`
    );
    const load = notebook !== null && !loaded;
    say(this._emptyCode, '%load_ext qmode_jupyter');
    show(this._emptyCode, load);
    show(this._load, load);
    show(this._session, notebook !== null && loaded);
    show(this._batch, notebook !== null && loaded);
  }

  private _choose(id: string): void {
    this._chosen = id;
    this._changed();
  }

  private _pressed(event: KeyboardEvent): void {
    const rows = [...this._list.children] as HTMLElement[];
    const at = rows.findIndex(row => row.getAttribute('aria-selected') === 'true');
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = step === undefined ? undefined : rows[at + step];
    if (!row) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this._choose(row.getAttribute('data-workload')!);
    row.focus();
  }

  private _card: WorkloadCard;
  private _ask = new Question();
  private _chosen: string | null = null;
  private _first: string | null = null;
  private _notice = h('div', { class: 'qmode-Panel-notice', role: 'status', hidden: true });
  private _list = h('div', {
    class: 'qmode-Panel-workloads',
    role: 'listbox',
    'aria-label': 'Workloads',
    hidden: true
  });
  private _empty = h('div', { class: 'qmode-Panel-empty', hidden: true });
  private _emptyTitle = h('div', { class: 'qmode-Panel-emptyTitle' });
  private _emptyText = h('p');
  private _emptyCode = h('code');
  private _load: HTMLButtonElement;
  private _session: HTMLButtonElement;
  private _batch: HTMLButtonElement;
}
