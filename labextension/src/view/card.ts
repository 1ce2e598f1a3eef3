/**
 * One workload in full: its state, what runs out, usage and price, its jobs, and what can be done.
 *
 * The live card in a notebook and the side panel show this one.
 */

import { question } from '../core/actions';
import type { IAction, IAnswer } from '../core/actions';
import { SINGLES } from '../core/choose';
import { Clicks } from '../core/clicks';
import { settled, unfinished } from '../core/model';
import type { ISeenWorkload, IView } from '../core/model';
import { announcement, aside, heard } from '../core/sentences';
import type { IHeard } from '../core/sentences';
import { counted, timeOfDay, workloadName } from '../core/words';
import { button, each, h, mark, say, show } from './dom';
import { Figures } from './figures';
import { JobList } from './jobList';
import { Question } from './question';
import type { IAsked } from './question';

/** What the card needs of the page that it is on. */
export interface ICardHost {
  /** Carry out an action; `remark` says something of it while it is under way. */
  act(action: IAction, remark: (text: string) => void): Promise<IAnswer>;
  /** Whether to ask before an action that loses jobs. */
  readonly confirms: boolean;
  /** Show a workload's timeline; where there is no way to, there is no button. */
  timeline?(workload: string): void;
  /** Draw the card anew, soon. */
  changed(): void;
}

type WorkloadAction = 'close' | 'cancel_all';

export class WorkloadCard {
  constructor(private readonly _host: ICardHost) {
    this._close = button('Close', 'qmode-button', () => this._begin('close'));
    this._cancel = button('Cancel all', 'qmode-button', () => this._begin('cancel_all'));
    this._timeline = button('Timeline', 'qmode-button', () => this._host.timeline?.(this._id));
    mark(this._close, 'title', 'No new jobs; those submitted run to their end');
    mark(this._cancel, 'title', 'Cancel the jobs that have not finished');
    mark(this._timeline, 'title', 'Draw the timeline in a new cell of the notebook');
    this._jobs = new JobList({
      cancel: id => this._cancelJob(id),
      busy: id => this._clicks.busy(id) !== null,
      trouble: id => this._clicks.trouble(id),
      changed: () => this._host.changed()
    });
    this._names.append(this._title, this._where, this._aside);
    this._buttons.append(this._close, this._cancel, this._timeline);
    this.node.append(
      h('header', { class: 'qmode-head' }, this._pill, this._names, this._buttons),
      this._ask.node,
      this._trouble,
      this._figures.node,
      this._jobs.node,
      h('footer', { class: 'qmode-foot' }, this._tally, this._when),
      this._voice
    );
  }

  readonly node = h('section', { class: 'qmode-card' });

  /** Whether the rows wait for the pointer to come to rest. */
  get held(): boolean {
    return this._jobs.held;
  }

  render(view: IView, workload: ISeenWorkload, now: number): void {
    if (workload.id !== this._id) {
      this._ask.end();
      this._id = workload.id;
    }
    this._view = view;
    this._workload = workload;
    this._clicks.settle(view);
    mark(this.node, 'data-state', workload.state);
    mark(this.node, 'data-dead', !view.live);
    this._drawHead(workload);
    this._drawButtons(workload, view.live);
    this._figures.render(workload, view, now);
    this._jobs.render(view, workload.id, now);
    this._drawFoot(workload, view, now);
    this._speak(heard(workload));
  }

  /** Send an action; what comes of it shows beside its button. */
  async send(action: IAction): Promise<void> {
    this._clicks.begin(action.action, action.id);
    this._host.changed();
    const answer = await this._host.act(action, text => {
      this._clicks.remark(action.id, text);
      this._host.changed();
    });
    if (!answer.ok) {
      this._clicks.fail(action.id, answer.error || 'The kernel refused.');
    }
    this._host.changed();
  }

  dispose(): void {
    this._jobs.dispose();
    this.node.remove();
  }

  private _drawHead(workload: ISeenWorkload): void {
    const name = workloadName(workload);
    const backend = workload.backend ? `on ${workload.backend}` : '';
    const why = aside(workload);
    say(this._pill, workload.word);
    mark(this._pill, 'data-state', workload.state);
    for (const [node, text] of [
      [this._title, name],
      [this._where, backend],
      [this._aside, why]
    ] as const) {
      say(node, text);
      mark(node, 'title', text);
    }
    mark(this.node, 'aria-label', `${name} ${backend}`.trim());
  }

  private _drawButtons(workload: ISeenWorkload, live: boolean): void {
    const open = live && workload.state !== 'closed';
    const jobs = unfinished(workload.counts);
    const alone = workload.id === SINGLES || workload.mode === 'job';
    const busy = this._clicks.busy(workload.id);
    const timeline = live && workload.id !== SINGLES && this._host.timeline !== undefined;
    show(this._buttons, open || timeline);
    show(this._close, open && !alone && workload.accepting);
    show(this._cancel, open && (jobs > 0 || !alone));
    show(this._timeline, timeline);
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
      const asked = open ? asking(this._about, workload) : null;
      if (asked) {
        this._ask.update(asked);
      } else {
        this._ask.end(); // What it was about has ended by itself.
      }
    }
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
    const { origin_ms: origin, speed, held, real } = view.clock;
    const time = timeOfDay(origin + now * 1000);
    const waits = held && workload.state !== 'closed' ? ', held for a simulation' : '';
    const running = real ? time : `emulated ${time}, ×${speed}${waits}`;
    say(this._when, view.live ? running : `the kernel is gone, last seen at ${time}`);
  }

  private _speak(after: IHeard): void {
    const said = announcement(this._heard, after);
    this._heard = after;
    if (said) {
      say(this._voice, said);
    }
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
  private _heard: IHeard | null = null;
  private _pill = h('span', { class: 'qmode-pill' });
  private _title = h('span', { class: 'qmode-title' });
  private _where = h('span', { class: 'qmode-where' });
  private _aside = h('span', { class: 'qmode-aside' });
  private _names = h('div', { class: 'qmode-names' });
  private _buttons = h('div', { class: 'qmode-buttons' });
  private _close: HTMLButtonElement;
  private _cancel: HTMLButtonElement;
  private _timeline: HTMLButtonElement;
  private _ask = new Question();
  private _trouble = h('div', { class: 'qmode-trouble', role: 'alert', hidden: true });
  private _figures = new Figures();
  private _jobs: JobList;
  private _tally = h('span', { class: 'qmode-tally' });
  private _when = h('span', { class: 'qmode-when' });
  private _voice = h('div', {
    class: 'qmode-unseen',
    'aria-live': 'polite',
    'aria-atomic': 'true'
  });
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
