/**
 * A workload's jobs: one row each, made only while they are in sight, so that a thousand scroll as
 * ten do. How high a row is, the style sheet says.
 */

import { barParts, laneSeconds, lifeWords, roundScale } from '../core/bars';
import { arrange, foldedCount } from '../core/choose';
import type { IArranged } from '../core/choose';
import { outcome, settled } from '../core/model';
import type { ISeenJob, IView } from '../core/model';
import { LISTED } from '../core/protocol';
import { inSight } from '../core/rows';
import { duration, failure, grouped, jobWord, shortId } from '../core/words';
import { button, each, h, mark, say, show } from './dom';

/** While the pointer moves over the rows, and this long after, they keep their order: none slips away. */
const STEADY_MS = 1500;

const LEGEND = [
  ['queued', 'queued'],
  ['preparing', 'preparing'],
  ['waiting', 'waiting'],
  ['on_qpu', 'QPU']
] as const;

/** What the list asks its owner. */
export interface IJobOwner {
  cancel(job: string): void;
  /** Whether a click on this job's Cancel is under way. */
  busy(job: string): boolean;
  /** What there is to say of the last click on this job's Cancel. */
  trouble(job: string): string;
  /** Draw all anew, soon. */
  changed(): void;
}

interface IRow {
  node: HTMLElement;
  id: HTMLElement;
  program: HTMLElement;
  state: HTMLElement;
  bar: HTMLElement;
  why: HTMLElement;
  usage: HTMLElement;
  cancel: HTMLButtonElement;
  /** What the row shows; as long as that is the same, at most its bar grows. */
  shown: { job: ISeenJob; word: string; trouble: string; live: boolean; scale: number } | null;
}

export class JobList {
  constructor(private readonly _owner: IJobOwner) {
    this._viewport.addEventListener('scroll', () => this._drawRows(), { passive: true });
    this._viewport.addEventListener('pointermove', () => {
      this._steadyUntil = Date.now() + STEADY_MS;
    });
    this._viewport.addEventListener('pointerleave', () => {
      this._steadyUntil = 0;
      this._owner.changed();
    });
    this._grid.addEventListener('keydown', event => this._pressed(event));
    this._grid.addEventListener('click', event => this._clicked(event));
    this._grid.addEventListener('focusin', event => {
      this._active = jobAt(event.target) ?? this._active;
    });
    this._fold = button('', 'qmode-fold', () => {
      this._unfolded = !this._unfolded;
      this._stale = true;
      this._steadyUntil = 0;
      this._draw();
    });
    this._sized = new ResizeObserver(() => this._measure());
    this._sized.observe(this._viewport);
    this._viewport.append(this._runway);
    this._grid.append(makeColumns(), this._viewport);
    this.node.append(this._grid, this._empty, this._fold, this._details);
  }

  readonly node = h('div', { class: 'qmode-jobs' });

  /** Whether the rows wait for the pointer to come to rest. */
  get held(): boolean {
    return this._stale;
  }

  /** Bring the list up to date. */
  render(view: IView, workload: string, now: number): void {
    if (workload !== this._workload || view.runtime !== this._view?.runtime) {
      this._workload = workload;
      this._scale = 1;
      this._unfolded = false;
      this._open = null;
      this._active = null;
      this._steadyUntil = 0;
      this._seen = -1;
      this._viewport.scrollTop = 0;
    }
    this._stale ||= view !== this._view || view.seq !== this._seen;
    this._seen = view.seq;
    this._view = view;
    this._now = now;
    this._draw();
  }

  dispose(): void {
    this._sized.disconnect();
  }

  /** A layout is asked for when it has changed, not at each drawing. */
  private _measure(): void {
    this._height = this._viewport.clientHeight;
    const row = parseFloat(getComputedStyle(this._grid).getPropertyValue('--qmode-row'));
    if (row > 0 && row !== this._row) {
      this._row = row;
      this._stale = true;
      this._owner.changed();
    }
    this._drawRows();
  }

  private _draw(): void {
    const view = this._view;
    if (!view) {
      return;
    }
    if (this._stale && Date.now() >= this._steadyUntil) {
      this._stale = false;
      this._rearrange(view);
    }
    const { rows, foldable } = this._arranged;
    const folded = foldedCount(this._arranged, view, this._workload);
    const closed = view.workloads.get(this._workload)?.state === 'closed';
    show(this._grid, rows.length > 0);
    show(this._empty, rows.length === 0);
    say(
      this._empty,
      closed ? 'No job was submitted.' : 'No jobs yet: they show here as they are submitted.'
    );
    show(this._fold, foldable);
    mark(this._fold, 'aria-expanded', this._unfolded ? 'true' : 'false');
    say(
      this._fold,
      this._unfolded
        ? 'Fold finished jobs'
        : `${grouped(folded)} more finished ${folded === 1 ? 'job' : 'jobs'}`
    );
    this._drawRows();
    this._drawDetails(view);
  }

  /** Put the jobs in order; the row that was on top of the part in sight stays there. */
  private _rearrange(view: IView): void {
    const { scrollTop } = this._viewport;
    const top = Math.floor(scrollTop / this._row);
    const seen = this._arranged.rows[top]?.id;
    this._arranged = arrange(view, this._workload, this._unfolded);
    const { rows } = this._arranged;
    for (const job of rows) {
      this._scale = Math.max(this._scale, roundScale(laneSeconds(job, this._now)));
    }
    if (!rows.some(job => job.id === this._active)) {
      this._active = null;
    }
    // The row above them is that of the columns' names.
    mark(this._grid, 'aria-rowcount', rows.length + 1);
    this._grid.style.setProperty('--qmode-most', `${LISTED}`);
    this._runway.style.height = `${rows.length * this._row}px`;
    const at = top > 0 ? rows.findIndex(job => job.id === seen) : -1;
    if (at >= 0 && at !== top) {
      this._viewport.scrollTop = scrollTop + (at - top) * this._row;
    }
  }

  private _drawRows(): void {
    const view = this._view;
    if (!view) {
      return;
    }
    const { rows } = this._arranged;
    const { first, last } = inSight(this._viewport.scrollTop, this._height, this._row, rows.length);
    const wanted = new Set(rows.slice(first, last).map(job => job.id));
    for (const [id, row] of this._rows) {
      if (!wanted.has(id)) {
        if (row.node.contains(document.activeElement)) {
          this._viewport.focus();
        }
        row.node.remove();
        this._rows.delete(id);
        this._spare.push(row);
      }
    }
    const stop = this._stop(wanted);
    for (let index = first; index < last; index++) {
      const id = rows[index]!.id;
      // While the order is kept, the jobs themselves go on.
      const job = view.jobs.get(id);
      if (job) {
        this._drawRow(this._rowOf(id), job, index, view.live, id === stop);
      }
    }
  }

  /** The one row that the Tab key stops at: the one last used, or the topmost in sight when that is not. */
  private _stop(inSight?: Set<string>): string | null {
    if (this._active !== null && (inSight?.has(this._active) ?? true)) {
      return this._active;
    }
    return this._arranged.rows[Math.ceil(this._viewport.scrollTop / this._row)]?.id ?? null;
  }

  private _rowOf(id: string): IRow {
    let row = this._rows.get(id);
    if (!row) {
      row = this._spare.pop() ?? makeRow();
      row.shown = null;
      mark(row.node, 'data-job', id);
      this._rows.set(id, row);
      this._runway.append(row.node);
    }
    return row;
  }

  private _drawRow(row: IRow, job: ISeenJob, index: number, live: boolean, stop: boolean): void {
    const end = outcome(job);
    const open = !settled(job.state);
    const busy = open && this._owner.busy(job.id);
    const trouble = open ? this._owner.trouble(job.id) : '';
    const word = busy ? 'cancelling' : jobWord(end, job.place);
    const place = `translateY(${index * this._row}px)`;
    if (row.node.style.transform !== place) {
      row.node.style.transform = place;
    }
    mark(row.node, 'aria-rowindex', index + 2);
    mark(row.node, 'tabindex', stop ? '0' : '-1');
    mark(row.cancel, 'tabindex', stop ? '0' : '-1');
    mark(row.node, 'data-open', job.id === this._open);
    const { shown } = row;
    if (
      shown?.job === job &&
      shown.word === word &&
      shown.trouble === trouble &&
      shown.live === live
    ) {
      if (open || shown.scale !== this._scale) {
        shown.scale = this._scale;
        this._drawBar(row, job);
      }
      return;
    }
    row.shown = { job, word, trouble, live, scale: this._scale };
    const failed = !open && end !== 'done' ? failure(job.code, job.reason) : '';
    mark(row.node, 'data-state', end);
    say(row.id, shortId(job.id));
    mark(row.id, 'title', job.id);
    say(row.program, job.program);
    mark(row.program, 'title', job.program);
    say(row.state, word);
    say(row.usage, job.usage ? duration(job.usage) : '');
    say(row.why, trouble || failed);
    mark(row.why, 'title', trouble || job.reason || failed || null);
    mark(row.why, 'role', trouble ? 'alert' : null);
    mark(row.node, 'data-why', trouble !== '' || failed !== '');
    mark(row.node, 'data-trouble', trouble !== '');
    show(row.cancel, open && live);
    row.cancel.disabled = busy;
    mark(row.cancel, 'aria-label', `Cancel job ${shortId(job.id)}`);
    this._drawBar(row, job);
  }

  private _drawBar(row: IRow, job: ISeenJob): void {
    each(
      row.bar,
      barParts(job, this._now, this._scale),
      () => h('i'),
      (part, { kind, share }) => {
        mark(part, 'data-kind', kind);
        const width = `${(share * 100).toFixed(2)}%`;
        if (part.style.width !== width) {
          part.style.width = width;
        }
      }
    );
    const life = lifeWords(job, this._now) || 'just submitted';
    mark(row.bar, 'title', life);
    mark(row.bar, 'aria-label', life);
  }

  private _drawDetails(view: IView): void {
    const job = this._open === null ? undefined : view.jobs.get(this._open);
    show(this._details, job !== undefined);
    if (!job) {
      return;
    }
    const facts = [
      ['job', job.id],
      ['primitive', job.program],
      ['state', jobWord(outcome(job), job.place)],
      ['life', lifeWords(job, this._now)],
      ['usage', job.usage ? duration(job.usage) : ''],
      ['code', job.code === undefined ? '' : String(job.code)],
      ['reason', job.reason ?? ''],
      [
        this._owner.busy(job.id) ? 'cancelling' : 'not cancelled',
        settled(job.state) ? '' : this._owner.trouble(job.id)
      ]
    ].filter(([, value]) => value) as [string, string][];
    each(
      this._details,
      facts,
      () => h('div', {}, h('dt'), h('dd')),
      (node, [name, value]) => {
        say(node.firstElementChild!, name);
        say(node.lastElementChild!, value);
      }
    );
  }

  private _toggle(id: string | null): void {
    this._open = this._open === id ? null : id;
    this._draw();
  }

  private _activate(index: number): void {
    const { rows } = this._arranged;
    const at = Math.min(rows.length - 1, Math.max(0, index));
    this._active = rows[at]?.id ?? null;
    const top = at * this._row;
    const { scrollTop } = this._viewport;
    if (top < scrollTop) {
      this._viewport.scrollTop = top;
    } else if (top + this._row > scrollTop + this._height) {
      this._viewport.scrollTop = top + this._row - this._height;
    }
    this._drawRows();
    if (this._active !== null) {
      this._rows.get(this._active)?.node.focus({ preventScroll: true });
    }
  }

  private _pressed(event: KeyboardEvent): void {
    if (event.target instanceof HTMLButtonElement && ['Enter', ' '].includes(event.key)) {
      return;
    }
    const { rows } = this._arranged;
    const active = this._stop();
    const at = rows.findIndex(job => job.id === active);
    const page = Math.max(1, Math.floor(this._height / this._row) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1
    };
    const to = moves[event.key];
    if (to !== undefined) {
      this._activate(to);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this._cancel(active);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this._toggle(active);
    } else if (event.key === 'Escape' && this._open !== null) {
      this._toggle(this._open);
    } else {
      return;
    }
    event.preventDefault();
    // A notebook has its own meaning for these keys.
    event.stopPropagation();
  }

  private _clicked(event: MouseEvent): void {
    const id = jobAt(event.target);
    if (id === null) {
      return;
    }
    this._active = id;
    if ((event.target as Element).closest('button')) {
      this._cancel(id);
    } else {
      this._toggle(id);
    }
  }

  private _cancel(id: string | null): void {
    const job = id === null ? undefined : this._view?.jobs.get(id);
    if (job && this._view?.live && !settled(job.state) && !this._owner.busy(job.id)) {
      this._owner.cancel(job.id);
      this._draw();
    }
  }

  private _view: IView | null = null;
  private _workload = '';
  private _now = 0;
  private _arranged: IArranged = { rows: [], folded: 0, foldable: false };
  /** Whether jobs have changed since the rows were arranged, and the message that they are of. */
  private _stale = true;
  private _seen = -1;
  private _scale = 1;
  /** Pixels of the part in sight, and of a row. */
  private _height = 0;
  private _row = 44;
  private _unfolded = false;
  private _steadyUntil = 0;
  /** The row that the keyboard is at, and the one whose details are shown. */
  private _active: string | null = null;
  private _open: string | null = null;
  private _rows = new Map<string, IRow>();
  private _spare: IRow[] = [];
  private _sized: ResizeObserver;
  private _runway = h('div', { class: 'qmode-runway', role: 'rowgroup' });
  private _viewport = h('div', { class: 'qmode-viewport', role: 'presentation', tabindex: '-1' });
  private _grid = h('div', {
    class: 'qmode-grid',
    role: 'grid',
    'aria-label': 'Jobs: arrow keys move, Enter shows details, Delete cancels'
  });
  private _empty = h('div', { class: 'qmode-empty', hidden: true });
  private _fold: HTMLButtonElement;
  private _details = h('dl', { class: 'qmode-details', hidden: true });
}

/** The job of the row that something on the page belongs to. */
function jobAt(target: EventTarget | null): string | null {
  return (target as Element).closest('[data-job]')?.getAttribute('data-job') ?? null;
}

function makeColumns(): HTMLElement {
  const header = (name: string, ...children: (Node | string)[]) =>
    h('span', { class: name, role: 'columnheader' }, ...children);
  const keys = LEGEND.map(([kind, word]) =>
    h('span', { class: 'qmode-key' }, h('i', { 'data-kind': kind, 'aria-hidden': 'true' }), word)
  );
  return h(
    'div',
    { class: 'qmode-columns', role: 'row' },
    ...['job', 'primitive', 'state'].map(name => header('qmode-column', name)),
    header('qmode-legend', ...keys),
    header('qmode-usage', 'usage'),
    header('qmode-end', h('span', { class: 'qmode-unseen' }, 'cancel'))
  );
}

function makeRow(): IRow {
  const id = h('span', { class: 'qmode-id', role: 'rowheader' });
  const program = h('span', { class: 'qmode-program', role: 'gridcell' });
  const state = h('span', { class: 'qmode-state', role: 'gridcell' });
  const bar = h('span', { class: 'qmode-bar', role: 'img' });
  const why = h('span', { class: 'qmode-why' });
  const usage = h('span', { class: 'qmode-usage', role: 'gridcell' });
  const cancel = h('button', { type: 'button', class: 'qmode-x', title: 'Cancel this job' }, '×');
  const node = h(
    'div',
    { class: 'qmode-row', role: 'row' },
    id,
    program,
    state,
    h('span', { class: 'qmode-life', role: 'gridcell' }, bar, why),
    usage,
    h('span', { class: 'qmode-end', role: 'gridcell' }, cancel)
  );
  return { node, id, program, state, bar, why, usage, cancel, shown: null };
}
