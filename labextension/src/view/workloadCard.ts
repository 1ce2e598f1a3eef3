/** One workload in full: its state, what runs out, usage and price, its jobs, and what can be done. */

import { question } from '../model/actions';
import type { IAction } from '../model/actions';
import { SINGLES } from '../model/choose';
import { Clicks } from '../model/clicks';
import { settled, unfinished } from '../model/snapshot';
import type { ISeenWorkload, IView } from '../model/snapshot';
import type { IAnswer } from '../model/stream';
import { countdownOf, usageNow } from '../model/time';
import type { ICountdown } from '../model/time';
import {
  clock,
  countdown,
  counted,
  duration,
  money,
  ordinal,
  runningMoney,
  stateReason,
  unbroken,
  workloadName
} from '../model/words';
import { button, each, h, mark, say, show } from './dom';
import { JobList } from './jobList';
import { Question } from './question';
import type { IAsked } from './question';

/** What the card asks of the notebook that it is about. */
export interface ICardHost {
  act(action: IAction): Promise<IAnswer>;
  /** Whether to ask before an action that loses jobs. */
  readonly confirms: boolean;
  /** Show a workload's timeline in the notebook. */
  timeline(workload: string): void;
}

type WorkloadAction = 'close' | 'cancel_all';

interface IFigure {
  node: HTMLElement;
  value: HTMLElement;
  fill: HTMLElement;
  note: HTMLElement;
}

export class WorkloadCard {
  constructor(
    private readonly _host: ICardHost,
    private readonly _changed: () => void
  ) {
    this._close = button('Close', 'qmode-Panel-button', () => this._begin('close'));
    this._cancel = button('Cancel all', 'qmode-Panel-button', () => this._begin('cancel_all'));
    this._timeline = button('Timeline', 'qmode-Panel-button', () => {
      this._host.timeline(this._id);
    });
    mark(this._close, 'title', 'No new jobs; those submitted run to their end');
    mark(this._cancel, 'title', 'Cancel the jobs that have not finished');
    mark(this._timeline, 'title', 'Draw the timeline in a new cell of the notebook');
    this._jobs = new JobList({
      cancel: id => this._cancelJob(id),
      busy: id => this._clicks.busy(id) !== null,
      trouble: id => this._clicks.trouble(id)
    });
    this.node.append(
      h('header', { class: 'qmode-Panel-head' }, this._pill, this._names),
      h('div', { class: 'qmode-Panel-buttons' }, this._close, this._cancel, this._timeline),
      this._ask.node,
      this._trouble,
      this._figures,
      this._jobs.node,
      h('footer', { class: 'qmode-Panel-foot' }, this._tally, this._when)
    );
    this._names.append(
      this._title,
      h('span', { class: 'qmode-Panel-context' }, this._where, this._aside)
    );
    this._figures.append(this._idle.node, this._max.node, this._usage.node, this._cost.node);
    this._usage.fill.after(this._rest);
    this._cost.fill.parentElement!.remove();
  }

  readonly node = h('section', { class: 'qmode-Panel-card' });

  render(view: IView, workload: ISeenWorkload, now: number): void {
    if (workload.id !== this._id) {
      this._ask.end();
      this._id = workload.id;
    }
    this._view = view;
    this._workload = workload;
    this._clicks.settle(view);
    mark(this.node, 'data-state', workload.state);
    this._drawHead(workload);
    this._drawButtons(workload);
    this._drawFigures(workload, view, now);
    this._jobs.render(view, workload.id, now);
    this._drawFoot(workload, view, now);
  }

  /** Send an action; what comes of it shows beside its button. */
  async send(action: IAction): Promise<void> {
    this._clicks.begin(action.action, action.id);
    this._changed();
    const answer = await this._host.act(action);
    if (!answer.ok) {
      this._clicks.fail(action.id, answer.error || 'The kernel refused.');
    }
    this._changed();
  }

  private _drawHead(workload: ISeenWorkload): void {
    const name = workloadName(workload);
    const backend = workload.backend ? `on ${workload.backend}` : '';
    say(this._pill, workload.word);
    mark(this._pill, 'data-state', workload.state);
    say(this._title, name);
    say(this._where, backend);
    mark(this._names, 'title', `${name} ${backend}`.trim());
    const why = stateReason(workload.reason);
    const queues = workload.state !== 'active' && workload.place;
    say(
      this._aside,
      workload.state === 'closed'
        ? why
        : queues
          ? `${ordinal(workload.place!)} in the queue`
          : workload.state === 'inactive'
            ? why
            : workload.accepting
              ? ''
              : 'no new jobs'
    );
    mark(this.node, 'aria-label', `${name} ${backend}`.trim());
  }

  private _drawButtons(workload: ISeenWorkload): void {
    const closed = workload.state === 'closed';
    const jobs = unfinished(workload.counts);
    const alone = workload.id === SINGLES || workload.mode === 'job';
    const busy = this._clicks.busy(workload.id);
    show(this._close, !closed && !alone && workload.accepting);
    show(this._cancel, !closed && (jobs > 0 || !alone));
    show(this._timeline, workload.id !== SINGLES);
    say(this._close, busy === 'close' ? 'Closing…' : 'Close');
    say(
      this._cancel,
      busy === 'cancel_all' ? 'Cancelling…' : alone && jobs === 1 ? 'Cancel' : 'Cancel all'
    );
    this._close.disabled = this._cancel.disabled = busy !== null;
    const trouble = this._clicks.trouble(workload.id);
    say(this._trouble, trouble);
    show(this._trouble, trouble !== '');

    if (this._ask.open) {
      const asked = asking(this._about, workload);
      if (asked) {
        this._ask.update(asked);
      } else {
        this._ask.end(); // What it was about has ended by itself.
      }
    }
  }

  private _drawFigures(workload: ISeenWorkload, view: IView, now: number): void {
    const closed = workload.state === 'closed';
    const { usage, qpu, usd } = usageNow(workload, view, now);
    this._drawTimeout(this._idle, workload, 'interactive', now);
    this._drawTimeout(this._max, workload, 'maximum', now);
    say(this._usage.value, clock(usage));
    const idle = Math.max(0, usage - qpu);
    say(
      this._usage.note,
      unbroken(
        usage < 0.05
          ? 'nothing charged yet'
          : idle < 0.05 && workload.mode !== 'session'
            ? 'all of it on the QPU'
            : `QPU ${duration(qpu)}, idle ${duration(idle)}`
      )
    );
    const share = usage > 0 ? Math.min(1, qpu / usage) : 0;
    this._usage.fill.style.width = `${(share * 100).toFixed(2)}%`;
    this._rest.style.width = usage > 0 ? `${((1 - share) * 100).toFixed(2)}%` : '0';
    say(this._cost.value, usd === null ? 'free' : closed ? money(usd) : runningMoney(usd));
    say(
      this._cost.note,
      usd === null ? `on the ${view.plan.title} plan` : `${view.plan.title}, estimate`
    );
    const first = this._runsOutFirst(workload, now);
    mark(this._figures, 'data-first', first);
    mark(this._figures, 'data-closed', closed);
  }

  /** The figure that stands first: the maximum timeout when it would end before the interactive one. */
  private _runsOutFirst(workload: ISeenWorkload, now: number): ICountdown['kind'] {
    const left = workload.max?.deadline == null ? Infinity : workload.max.deadline - now;
    const idle =
      workload.idle?.deadline == null ? workload.idle?.timeout : workload.idle.deadline - now;
    return left < (idle ?? Infinity) ? 'maximum' : 'interactive';
  }

  private _drawTimeout(
    figure: IFigure,
    workload: ISeenWorkload,
    kind: ICountdown['kind'],
    now: number
  ): void {
    const limit = kind === 'interactive' ? workload.idle : workload.max;
    show(figure.node, limit !== null && workload.state !== 'closed');
    if (!limit) {
      return;
    }
    const at = countdownOf(kind, limit, now);
    const counts = at.remaining !== null;
    say(figure.value, countdown(at.remaining ?? at.timeout));
    mark(figure.node, 'data-urgency', at.urgency);
    mark(figure.node, 'data-still', !counts);
    figure.fill.style.width = `${(counts ? at.part * 100 : 0).toFixed(2)}%`;
    const hurry = { calm: '', soon: ', under a quarter left', urgent: ', under a tenth left' };
    const usual = kind === 'interactive' ? ', until a job comes' : ', never pauses';
    say(
      figure.note,
      unbroken(
        counts
          ? `of ${clock(at.timeout)}${hurry[at.urgency] || (at.note ? `, ${at.note}` : usual)}`
          : at.note || 'does not count now'
      )
    );
  }

  private _drawFoot(workload: ISeenWorkload, view: IView, now: number): void {
    const parts: { state: string | null; text: string }[] = counted(workload.counts);
    each(
      this._tally,
      parts.length ? parts : [{ state: null, text: 'no jobs' }],
      () => h('span'),
      (node, part) => {
        mark(node, 'data-state', part.state);
        say(node, part.text);
      }
    );
    const at = new Date(view.clock.origin_ms + now * 1000);
    const time = [at.getHours(), at.getMinutes(), at.getSeconds()]
      .map(part => String(part).padStart(2, '0'))
      .join(':');
    const held = view.clock.held && workload.state !== 'closed';
    say(
      this._when,
      `emulated ${time}, ×${view.clock.speed}${held ? ', waits for a simulation' : ''}`
    );
  }

  private _begin(action: WorkloadAction): void {
    const asked = this._workload && this._host.confirms ? asking(action, this._workload) : null;
    if (!asked) {
      this._raise(action);
      return;
    }
    this._about = action;
    this._ask.ask(asked, () => this._raise(action));
  }

  private _raise(action: WorkloadAction): void {
    const view = this._view;
    if (!view) {
      return;
    }
    if (this._id !== SINGLES) {
      void this.send({ runtime: view.runtime, action, id: this._id });
      return;
    }
    for (const job of view.jobs.values()) {
      if (job.workload === null && !settled(job.state)) {
        this._cancelJob(job.id);
      }
    }
  }

  private _cancelJob(id: string): void {
    if (this._view) {
      void this.send({ runtime: this._view.runtime, action: 'cancel_job', id });
    }
  }

  private _id = '\0';
  private _view: IView | null = null;
  private _workload: ISeenWorkload | null = null;
  private _clicks = new Clicks();
  /** What the open question is about. */
  private _about: WorkloadAction = 'close';
  private _pill = h('span', { class: 'qmode-Panel-pill', role: 'status' });
  private _title = h('span', { class: 'qmode-Panel-title' });
  private _where = h('span', { class: 'qmode-Panel-where' });
  private _aside = h('span', { class: 'qmode-Panel-aside' });
  private _names = h('div', { class: 'qmode-Panel-names' });
  private _close: HTMLButtonElement;
  private _cancel: HTMLButtonElement;
  private _timeline: HTMLButtonElement;
  private _ask = new Question();
  private _trouble = h('div', { class: 'qmode-Panel-trouble', role: 'alert', hidden: true });
  private _figures = h('div', { class: 'qmode-Panel-figures' });
  private _idle = makeFigure('Interactive timeout', 'interactive');
  private _max = makeFigure('Maximum timeout', 'maximum');
  private _usage = makeFigure('Usage', 'usage');
  private _cost = makeFigure('Would cost', 'cost');
  private _rest = h('span', { class: 'qmode-Panel-fill qmode-mod-rest' });
  private _jobs: JobList;
  private _tally = h('span', { class: 'qmode-Panel-tally' });
  private _when = h('span', { class: 'qmode-Panel-when' });
}

function asking(action: WorkloadAction, workload: ISeenWorkload): IAsked | null {
  const text = question(action, workload);
  if (!text) {
    return null;
  }
  return action === 'close'
    ? { text, yes: `Close the ${workload.mode}`, no: 'Keep it open' }
    : { text, yes: 'Cancel all', no: 'Keep them' };
}

function makeFigure(label: string, kind: string): IFigure {
  const value = h('span', { class: 'qmode-Panel-value' });
  const fill = h('span', { class: 'qmode-Panel-fill' });
  const note = h('span', { class: 'qmode-Panel-note' });
  const node = h(
    'div',
    { class: 'qmode-Panel-figure', role: 'group', 'aria-label': label, 'data-kind': kind },
    h('span', { class: 'qmode-Panel-label' }, label),
    value,
    h('span', { class: 'qmode-Panel-gauge', 'aria-hidden': 'true' }, fill),
    note
  );
  return { node, value, fill, note };
}
