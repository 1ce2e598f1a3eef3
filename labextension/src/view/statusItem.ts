/** The status item: a dot, the state, what runs out first, the usage. A click shows the panel. */

import type { IStatus } from '../model/status';
import { button, h, mark, say, show } from './dom';

export class StatusItemView {
  /**
   * @param clicked - what a click does.
   */
  constructor(clicked: () => void) {
    this.node = button('', 'qmode-StatusItem', clicked);
    this.node.append(this._dot, this._word, this._timeout, this._usage);
  }

  readonly node: HTMLButtonElement;

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
    mark(this.node, 'aria-label', `QPU workload: ${said}. Show the panel.`);
  }

  private _dot = h('span', { class: 'qmode-StatusItem-dot', 'aria-hidden': 'true' });
  private _word = h('span', { class: 'qmode-StatusItem-word' });
  private _timeout = h('span', { class: 'qmode-StatusItem-timeout' });
  private _usage = h('span', { class: 'qmode-StatusItem-usage' });
}
