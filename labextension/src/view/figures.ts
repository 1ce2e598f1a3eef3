/** The figures of a workload: what runs out, what is used, what it would cost. */

import { countdownOf, shownFirst, usageNow } from '../core/clock';
import type { ICountdown } from '../core/clock';
import { priceNote, timeoutNote, usageNote } from '../core/figures';
import type { ISeenWorkload, IView } from '../core/model';
import { clock, countdown, money, runningMoney, unbroken } from '../core/words';
import { h, mark, say, show } from './dom';

class Figure {
  constructor(label: string, kind: string) {
    this.node = h(
      'div',
      { class: 'qmode-figure', role: 'group', 'aria-label': label, 'data-kind': kind },
      h('span', { class: 'qmode-label' }, label),
      this._value,
      this.gauge,
      this._note
    );
    this.gauge.append(this.fill);
  }

  readonly node: HTMLElement;
  readonly fill = h('span', { class: 'qmode-fill' });
  readonly gauge = h('span', { class: 'qmode-gauge', 'aria-hidden': 'true' });

  put(value: string, note: string): void {
    say(this._value, value);
    say(this._note, unbroken(note));
    mark(this._note, 'title', note);
  }

  private _value = h('span', { class: 'qmode-value' });
  private _note = h('span', { class: 'qmode-note' });
}

export class Figures {
  constructor() {
    this._usage.gauge.append(this._rest);
    this._cost.gauge.remove();
    this.node.append(this._idle.node, this._max.node, this._usage.node, this._cost.node);
  }

  readonly node = h('div', { class: 'qmode-figures' });

  render(workload: ISeenWorkload, view: IView, now: number): void {
    const closed = workload.state === 'closed';
    this._drawTimeout(this._idle, 'interactive', workload, now);
    this._drawTimeout(this._max, 'maximum', workload, now);
    mark(this.node, 'data-first', shownFirst(workload, now));
    mark(this.node, 'data-alone', closed || (!workload.idle && !workload.max));
    const usage = usageNow(workload, view, now);
    this._usage.put(clock(usage.usage), usageNote(usage, workload.mode));
    const share = usage.usage > 0 ? Math.min(1, usage.qpu / usage.usage) : 0;
    this._usage.fill.style.width = percent(share);
    this._rest.style.width = percent(usage.usage > 0 ? 1 - share : 0);
    const { usd } = usage;
    this._cost.put(
      usd === null ? 'free' : closed ? money(usd) : runningMoney(usd),
      priceNote(usage, view.plan)
    );
  }

  /** A timeout that no longer counts is no figure. */
  private _drawTimeout(
    figure: Figure,
    kind: ICountdown['kind'],
    workload: ISeenWorkload,
    now: number
  ): void {
    const limit = kind === 'interactive' ? workload.idle : workload.max;
    show(figure.node, limit !== null && workload.state !== 'closed');
    if (!limit) {
      return;
    }
    const at = countdownOf(kind, limit, now);
    figure.put(countdown(at.remaining ?? at.timeout), timeoutNote(at));
    mark(figure.node, 'data-urgency', at.urgency);
    mark(figure.node, 'data-still', at.remaining === null);
    figure.fill.style.width = percent(at.remaining === null ? 0 : at.part);
  }

  private _idle = new Figure('Interactive timeout', 'interactive');
  private _max = new Figure('Maximum timeout', 'maximum');
  private _usage = new Figure('Usage', 'usage');
  private _cost = new Figure('Would cost', 'cost');
  private _rest = h('span', { class: 'qmode-fill qmode-rest' });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
