/** The live card of one workload, as anywidget shows it in a notebook's output. */

import { focus } from '../core/choose';
import { Skew, emulatedNow, ticking } from '../core/clock';
import { lose, merge } from '../core/model';
import type { IView } from '../core/model';
import { VERSION } from '../core/protocol';
import type { IMessage } from '../core/protocol';
import { WorkloadCard } from '../view/card';
import { h, say, show } from '../view/dom';
import { Pulse } from '../view/pulse';
import { Requests } from './requests';
import type { IReply } from './requests';

/** What is used of anywidget's model. */
export interface IModel {
  get(name: 'state'): Partial<IMessage> | undefined;
  on(name: string, heard: (content: never) => void): void;
  off(name: string, heard: (content: never) => void): void;
  send(content: object): void;
}

/** A whole that does not come is asked for again after this. */
const ASK_AGAIN_MS = 1000;

/** What the model's messages add up to; its views share it. */
class Status {
  constructor(private readonly _model: IModel) {
    _model.on('change:state', this._changed);
    _model.on('msg:custom', this._told);
    _model.on('comm_live_update', this._lost);
    this._take(false);
  }

  view: IView | null = null;
  readonly views = new Set<CardView>();
  /** Why nothing of what the kernel sends is shown; empty when it is. */
  notice = '';

  /** Now, on the kernel's clock, in epoch milliseconds. */
  wallMs(): number {
    return Date.now() - this._skew.ms;
  }

  dispose(): void {
    this._model.off('change:state', this._changed);
    this._model.off('msg:custom', this._told);
    this._model.off('comm_live_update', this._lost);
  }

  private _take(arrived: boolean): void {
    const message = this._model.get('state');
    if (message?.v === undefined) {
      return; // A widget that is retired has nothing to say.
    }
    const { view, outcome } = merge(this.view, message as IMessage);
    this.view = view;
    this.notice =
      outcome === 'foreign'
        ? `The kernel sends version ${message.v} of the status, this page reads ${VERSION}: reload the page, or restart the kernel.`
        : '';
    if (arrived && outcome !== 'foreign') {
      this._skew.learn((message as IMessage).clock.at_ms, Date.now());
    }
    if (view && outcome === 'gap' && performance.now() - this._askedAt >= ASK_AGAIN_MS) {
      this._askedAt = performance.now();
      const id = focus(view)?.id ?? '';
      this._model.send({ runtime: view.runtime, action: 'snapshot', id });
    }
    this._draw();
  }

  private _draw(): void {
    this.views.forEach(view => view.changed());
  }

  private _changed = (): void => this._take(true);

  private _told = (content: Partial<IReply> & { qmode?: string }): void => {
    if (content?.qmode === 'answer') {
      this.views.forEach(view => view.answer(content as IReply));
    }
  };

  /** The kernel is gone: what is known stands still. */
  private _lost = (): void => {
    if (this.view) {
      lose(this.view, emulatedNow(this.view.clock, this.wallMs()), this.wallMs());
      this._draw();
    }
  };

  private _skew = new Skew();
  private _askedAt = -Infinity;
}

/** One view of the model. */
class CardView {
  constructor(
    private readonly _status: Status,
    model: IModel
  ) {
    this._requests = new Requests(this.node, action => model.send(action));
    this._card = new WorkloadCard({
      act: (action, remark) => this._requests.act(action, remark),
      confirms: true,
      changed: () => this.changed()
    });
    this.node.append(this._empty, this._card.node);
    // What is out of sight is not drawn.
    this._inView = new IntersectionObserver(entries => {
      this._seen = entries[entries.length - 1]!.isIntersecting;
      this.changed();
    });
    this._inView.observe(this.node);
    this._draw();
    this.changed();
  }

  readonly node = h('div', { class: 'qmode qmode-Widget' });

  changed(): void {
    this._pulse.touch();
  }

  answer(reply: IReply): void {
    this._requests.answer(reply);
  }

  dispose(): void {
    this._pulse.dispose();
    this._inView.disconnect();
    this._requests.dispose();
    this._card.dispose();
    this.node.remove();
  }

  /** Returns whether what is in sight changes by itself. */
  private _draw(): boolean {
    const { view, notice } = this._status;
    const workload = view && focus(view);
    show(this._empty, !workload || notice !== '');
    say(this._empty, notice || (view ? 'Nothing runs here.' : 'Waiting for the kernel.'));
    show(this._card.node, workload !== null);
    if (!view || !workload) {
      return false;
    }
    this._card.render(view, workload, emulatedNow(view.clock, this._status.wallMs()));
    return (view.live && ticking(view)) || this._card.held;
  }

  private _card: WorkloadCard;
  private _requests: Requests;
  private _empty = h('div', { class: 'qmode-Widget-empty' });
  private _seen = true;
  private _pulse = new Pulse(() => this._seen && this._draw());
  private _inView: IntersectionObserver;
}

/** One of these per model. */
export default function widget() {
  let status: Status | null = null;

  function attach(model: IModel): () => void {
    if (status) {
      return () => undefined;
    }
    const mine = new Status(model);
    status = mine;
    return () => {
      status = null;
      mine.dispose();
    };
  }

  return {
    initialize({ model }: { model: IModel }) {
      return attach(model);
    },
    render({ model, el }: { model: IModel; el: HTMLElement }) {
      const detach = attach(model);
      const shared = status!;
      const view = new CardView(shared, model);
      shared.views.add(view);
      el.append(view.node);
      return () => {
        shared.views.delete(view);
        view.dispose();
        detach();
      };
    }
  };
}
