/** The status item: a dot, the state, what runs out first, the usage. A click shows the panel. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { button, h, mark, say, show } from '../view/dom';
import type { IStatus } from './status';

export class StatusItemView {
  constructor(private readonly _trans: TranslationBundle) {
    this.node = button('', 'qmode-StatusItem', () => this._clicked.emit());
    this.node.append(this._dot, this._word, this._timeout, this._usage);
  }

  readonly node: HTMLButtonElement;

  get clicked(): ISignal<this, void> {
    return this._clicked;
  }

  render(status: IStatus | null): void {
    if (!status) {
      return;
    }
    mark(this.node, 'data-state', status.state);
    mark(this.node, 'data-urgency', status.urgency);
    mark(this.node, 'title', status.title);
    say(this._word, status.word);
    say(this._timeout, status.timeout);
    say(this._usage, status.usage);
    show(this._timeout, status.timeout !== '');
    show(this._usage, status.usage !== '');
    const said = [status.word, status.timeout, status.usage].filter(Boolean).join(', ');
    mark(this.node, 'aria-label', this._trans.__('QPU workload: %1. Show the panel.', said));
  }

  private _clicked = new Signal<this, void>(this);
  private _dot = h('span', { class: 'qmode-StatusItem-dot', 'aria-hidden': 'true' });
  private _word = h('span', { class: 'qmode-StatusItem-word' });
  private _timeout = h('span', { class: 'qmode-StatusItem-timeout' });
  private _usage = h('span', { class: 'qmode-StatusItem-usage' });
}
