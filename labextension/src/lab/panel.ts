/** The side panel: the workloads of one notebook's kernel, one of them in full; or what to do first. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IAction, IAnswer } from '../core/actions';
import { focus, workloads } from '../core/choose';
import { emulatedNow, usageNow } from '../core/clock';
import { unfinished } from '../core/model';
import type { ISeenWorkload, IView } from '../core/model';
import { clock, grouped, workloadName } from '../core/words';
import { WorkloadCard } from '../view/card';
import { button, each, h, mark, say, show } from '../view/dom';
import { Question } from '../view/question';
import { LOAD } from './cellText';

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

export interface IPanelOptions {
  /** Carry out an action on the notebook's kernel. */
  act(action: IAction): Promise<IAnswer>;
  /** Whether to ask before an action that loses jobs. */
  confirms(): boolean;
  trans: TranslationBundle;
}

/** Whether closing a workload changes anything. */
function closable(workload: ISeenWorkload): boolean {
  return workload.state !== 'closed' && workload.accepting && workload.mode !== 'job';
}

/** More workloads than these are not listed: the oldest closed ones go. */
const MOST = 50;

export class PanelView {
  constructor({ act, confirms, trans }: IPanelOptions) {
    this._confirms = confirms;
    this._trans = trans;
    this._card = new WorkloadCard({
      act,
      get confirms() {
        return confirms();
      },
      timeline: workload => this._timelineWanted.emit(workload),
      changed: () => this._changed.emit()
    });
    this._load = button(trans.__('Load it now'), 'qmode-button qmode-main', () =>
      this._loadWanted.emit()
    );
    this._session = button(trans.__('Insert a session cell'), 'qmode-button', () =>
      this._cellWanted.emit('session')
    );
    this._batch = button(trans.__('Insert a batch cell'), 'qmode-button', () =>
      this._cellWanted.emit('batch')
    );
    mark(this._list, 'aria-label', trans.__('Workloads'));
    this._empty.append(
      this._emptyTitle,
      this._emptyText,
      this._emptyCode,
      h('div', { class: 'qmode-buttons' }, this._load, this._session, this._batch)
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

  /** Emitted when something that only the panel knows has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the person wants the extension loaded in the notebook's kernel. */
  get loadWanted(): ISignal<this, void> {
    return this._loadWanted;
  }

  /** Emitted when the person wants a cell of this mode in the notebook. */
  get cellWanted(): ISignal<this, 'session' | 'batch'> {
    return this._cellWanted;
  }

  /** Emitted when the person wants to see this workload's timeline. */
  get timelineWanted(): ISignal<this, string> {
    return this._timelineWanted;
  }

  /** Whether the rows wait for the pointer to come to rest. */
  get held(): boolean {
    return this._card.held;
  }

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
    if (!jobs || !this._confirms()) {
      close();
      return;
    }
    const trans = this._trans;
    this._ask.ask(
      {
        text: trans._n(
          '%2 job has not finished and will run to the end. Anything submitted after this is refused.',
          '%2 jobs have not finished and will run to the end. Anything submitted after this is refused.',
          jobs,
          grouped(jobs)
        ),
        yes: trans._n('Close %1 workload', 'Close %1 workloads', open.length),
        no: trans.__('Keep them open')
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
        mark(
          node,
          'title',
          workload.backend
            ? this._trans.__('%1 on %2', workloadName(workload), workload.backend)
            : workloadName(workload)
        );
        say(word!, workload.word);
        say(usage!, clock(usageNow(workload, view, now).usage));
      }
    );
  }

  private _drawEmpty(notebook: string | null, loaded: boolean): void {
    const trans = this._trans;
    const [title, text] =
      notebook === null
        ? [
            trans.__('No notebook'),
            trans.__('Open a notebook to see its sessions, batches and jobs here.')
          ]
        : loaded
          ? [
              trans.__('Nothing has run yet'),
              trans.__(
                'Begin a cell with %1 or %2 and run it. Its jobs, timeouts and usage show here while it runs.',
                '%%qsession',
                '%%qbatch'
              )
            ]
          : [
              trans.__('Not loaded in this notebook'),
              trans.__('To rehearse sessions and batches in %1, run this in a cell:', notebook)
            ];
    say(this._emptyTitle, title);
    say(this._emptyText, text);
    const load = notebook !== null && !loaded;
    say(this._emptyCode, LOAD);
    show(this._emptyCode, load);
    show(this._load, load);
    show(this._session, notebook !== null && loaded);
    show(this._batch, notebook !== null && loaded);
  }

  private _choose(id: string): void {
    this._chosen = id;
    this._changed.emit();
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

  private readonly _confirms: () => boolean;
  private readonly _trans: TranslationBundle;
  private _changed = new Signal<this, void>(this);
  private _loadWanted = new Signal<this, void>(this);
  private _cellWanted = new Signal<this, 'session' | 'batch'>(this);
  private _timelineWanted = new Signal<this, string>(this);
  private _card: WorkloadCard;
  private _ask = new Question();
  private _chosen: string | null = null;
  private _first: string | null = null;
  private _notice = h('div', { class: 'qmode-Panel-notice', role: 'status', hidden: true });
  private _list = h('div', {
    class: 'qmode-Panel-workloads',
    role: 'listbox',
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
