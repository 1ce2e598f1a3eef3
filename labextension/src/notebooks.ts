/** The notebooks of the page, each with the status of its kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import type { IRequest } from './model/actions';
import type { IAnswer, StatusStream } from './model/stream';
import { KernelStatus } from './kernelWire';

/** One notebook: follows it from kernel to kernel. */
export class NotebookStatus {
  constructor(
    readonly panel: NotebookPanel,
    private readonly _changed: () => void
  ) {
    const session = panel.sessionContext;
    session.kernelChanged.connect(this._kernelChanged, this);
    panel.disposed.connect(this.dispose, this);
    this._kernelChanged(session);
  }

  /** The status of its kernel; null while it has none. */
  get stream(): StatusStream | null {
    return this._status?.stream ?? null;
  }

  get view(): StatusStream['view'] {
    return this.stream?.view ?? null;
  }

  async act(request: IRequest): Promise<IAnswer> {
    return this.stream?.act(request) ?? { ok: false, error: 'This notebook has no kernel.' };
  }

  dispose(): void {
    this.panel.sessionContext?.kernelChanged.disconnect(this._kernelChanged, this);
    this._status?.dispose();
    this._status = null;
    this._changed();
  }

  private _kernelChanged(session: ISessionContext): void {
    this._status?.dispose();
    const kernel = session.session?.kernel;
    this._status = kernel ? new KernelStatus(kernel, this._changed) : null;
    this._changed();
  }

  private _status: KernelStatus | null = null;
}

/** All notebooks of the page. */
export class Notebooks {
  /**
   * @param changed - called when any of them, or which one is current, has changed.
   */
  constructor(
    private readonly _tracker: INotebookTracker,
    changed: () => void
  ) {
    const add = (panel: NotebookPanel) => {
      const notebook = new NotebookStatus(panel, changed);
      this._all.set(panel, notebook);
      panel.disposed.connect(() => this._all.delete(panel));
    };
    _tracker.forEach(add);
    _tracker.widgetAdded.connect((_, panel) => add(panel));
    _tracker.currentChanged.connect(changed);
  }

  get current(): NotebookStatus | null {
    const panel = this._tracker.currentWidget;
    return (panel && this._all.get(panel)) ?? null;
  }

  all(): Iterable<NotebookStatus> {
    return this._all.values();
  }

  private _all = new Map<NotebookPanel, NotebookStatus>();
}
