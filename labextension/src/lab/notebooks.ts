/** The notebooks of the page, each with the status of its kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IAnswer, IRequest } from '../core/actions';
import { KernelStatus } from './kernelWire';
import type { StatusStream } from './stream';

/** One notebook: follows it from kernel to kernel. */
export class NotebookStatus {
  constructor(
    readonly panel: NotebookPanel,
    private readonly _trans: TranslationBundle
  ) {
    const session = panel.sessionContext;
    session.kernelChanged.connect(this._kernelChanged, this);
    panel.disposed.connect(this.dispose, this);
    this._kernelChanged(session);
  }

  /** Emitted when it has another kernel, or its kernel's status has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The status of its kernel; null while it has none. */
  get stream(): StatusStream | null {
    return this._status?.stream ?? null;
  }

  get view(): StatusStream['view'] {
    return this.stream?.view ?? null;
  }

  async act(request: IRequest): Promise<IAnswer> {
    return (
      this.stream?.act(request) ?? {
        ok: false,
        error: this._trans.__('This notebook has no kernel.')
      }
    );
  }

  dispose(): void {
    this.panel.sessionContext?.kernelChanged.disconnect(this._kernelChanged, this);
    this._status?.dispose();
    this._status = null;
    this._changed.emit();
    Signal.clearData(this);
  }

  private _kernelChanged(session: ISessionContext): void {
    this._status?.dispose();
    const kernel = session.session?.kernel;
    this._status = kernel ? new KernelStatus(kernel, this._trans) : null;
    this._status?.stream.changed.connect(() => this._changed.emit());
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);

  private _status: KernelStatus | null = null;
}

/** All notebooks of the page. */
export class Notebooks {
  constructor(
    private readonly _tracker: INotebookTracker,
    trans: TranslationBundle
  ) {
    const changed = () => this._changed.emit();
    const add = (panel: NotebookPanel) => {
      const notebook = new NotebookStatus(panel, trans);
      notebook.changed.connect(changed);
      changed();
      this._all.set(panel, notebook);
      panel.disposed.connect(() => this._all.delete(panel));
    };
    _tracker.forEach(add);
    _tracker.widgetAdded.connect((_, panel) => add(panel));
    _tracker.currentChanged.connect(changed);
  }

  /** Emitted when any of them, or which one is current, has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get current(): NotebookStatus | null {
    const panel = this._tracker.currentWidget;
    return (panel && this._all.get(panel)) ?? null;
  }

  all(): Iterable<NotebookStatus> {
    return this._all.values();
  }

  private _changed = new Signal<this, void>(this);
  private _all = new Map<NotebookPanel, NotebookStatus>();
}
