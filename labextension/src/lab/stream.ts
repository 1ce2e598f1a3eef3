/**
 * One kernel's status as it comes in: keeps the view, notices what is missing, asks for the whole.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IAnswer, IRequest } from '../core/actions';
import { Skew } from '../core/clock';
import { merge } from '../core/model';
import type { IView } from '../core/model';
import { VERSION } from '../core/protocol';
import type { IMessage } from '../core/protocol';

/** What the stream needs of a kernel connection. */
export interface IWire {
  /** The ids of the kernel's status comms; rejects when the kernel does not answer in time. */
  find(): Promise<string[]>;
  /** Ask over the control channel; rejects when the kernel does not answer in time. */
  request(content: IRequest): Promise<IAnswer>;
  /** Ask for the whole over the comm, for kernels that have no such requests. */
  remind(comm: string): void;
}

/** How often a snapshot is asked for before the page says that it has lost the thread. */
const ATTEMPTS = 3;

export class StatusStream {
  constructor(
    private readonly _wire: IWire,
    private readonly _trans: TranslationBundle,
    private readonly _clock: () => number = Date.now
  ) {}

  /** Emitted when the view or the notice has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is known, or null while the kernel has no runtime. */
  view: IView | null = null;

  /** What is wrong with the wire, in one line; empty when all is well. */
  notice = '';

  /** Now, on the kernel's clock, in epoch milliseconds. */
  wallMs(): number {
    return this._clock() - this._skew.ms;
  }

  /** Look for a status comm: at the start, after a reconnection. */
  async find(): Promise<void> {
    const era = ++this._era;
    let found: string[];
    try {
      found = await this._wire.find();
    } catch {
      return; // A kernel that answers nothing on control may still open a comm.
    }
    if (era !== this._era) {
      return; // A comm was opened, or the kernel restarted, while we asked.
    }
    const newest = found[found.length - 1];
    if (newest === undefined) {
      this.reset();
      return;
    }
    this._comm = newest;
    await this._resync();
  }

  /** The kernel opened a comm. */
  opened(comm: string, data: unknown): void {
    this._era++;
    this._comm = comm;
    this._asking = false;
    this._held = [];
    this._skew.forget();
    this._take(data as IMessage);
  }

  /** A message came over a comm. */
  received(comm: string, data: unknown): void {
    if (comm !== this._comm) {
      return;
    }
    const message = data as IMessage;
    if (this._asking && !message.whole) {
      this._held.push(message);
      return;
    }
    this._take(message);
  }

  /** The kernel closed a comm. */
  closed(comm: string): void {
    if (comm === this._comm) {
      this.reset();
    }
  }

  /** Forget everything: the kernel restarted, or has no runtime any more. */
  reset(): void {
    this._era++;
    this._comm = null;
    this._asking = false;
    this._held = [];
    this._skew.forget();
    this.view = null;
    this.notice = '';
    this._changed.emit();
  }

  /** Ask for something to be done; the answer says what came of it, whatever happened. */
  async act(request: IRequest): Promise<IAnswer> {
    try {
      return await this._wire.request(request);
    } catch (reason) {
      return { ok: false, error: String(reason instanceof Error ? reason.message : reason) };
    }
  }

  private _take(message: IMessage): void {
    const { view, outcome } = merge(this.view, message);
    if (outcome === 'stale') {
      return;
    }
    this.view = view;
    if (outcome === 'foreign') {
      this.notice = this._trans.__(
        'The kernel sends version %1 of the status, this page reads %2: reload the page, or restart the kernel.',
        message.v,
        VERSION
      );
    } else {
      this._skew.learn(message.clock.at_ms, this._clock());
    }
    if (outcome === 'applied') {
      this.notice = '';
    } else if (outcome === 'gap') {
      void this._resync(message);
    }
    this._changed.emit();
  }

  private async _resync(first?: IMessage): Promise<void> {
    if (this._asking) {
      return;
    }
    const era = this._era;
    this._asking = true;
    this._held = first ? [first] : [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const answer = await this.act({ action: 'snapshot' });
      if (era !== this._era) {
        return;
      }
      if (answer.ok && answer.snapshot) {
        this._comm = answer.comm ?? this._comm;
        this._asking = false;
        const held = this._held;
        this._held = [];
        this._take(answer.snapshot);
        // What came meanwhile and is newer goes on top; a further gap asks again.
        held.forEach(message => this._take(message));
        return;
      }
    }
    this._asking = false;
    this._held = [];
    this.notice = this._trans.__('The kernel does not answer: what is shown may be old.');
    if (this._comm !== null) {
      this._wire.remind(this._comm);
    }
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _comm: string | null = null;
  private _asking = false;
  private _held: IMessage[] = [];
  private _skew = new Skew();
  /** Grows whenever what was asked before no longer matters. */
  private _era = 0;
}
