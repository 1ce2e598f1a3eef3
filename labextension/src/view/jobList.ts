/**
 * A workload's jobs: one row each, made only while they are in sight, so that a thousand scroll as
 * ten do.
 */

import { barParts, laneSeconds, lifeWords, roundScale } from '../model/bars';
import { arrange, foldedCount } from '../model/choose';
import type { IArranged } from '../model/choose';
import { inSight } from '../model/rows';
import { outcome, settled } from '../model/snapshot';
import type { ISeenJob, IView } from '../model/snapshot';
import { duration, failure, grouped, jobWord, shortId } from '../model/words';
import { button, each, h, mark, say, show } from './dom';

/** Height of a row in pixels, as in the style sheet. */
export const ROW = 44;

/** While the pointer moves over the rows, and this long after, they keep their order. */
const STEADY_MS = 1500;

/** What the list asks its owner. */
export interface IJobOwner {
  cancel(job: string): void;
  /** Whether a click on this job's Cancel is under way. */
  busy(job: string): boolean;
  /** Why the last click on this job's Cancel did nothing, if so. */
  trouble(job: string): string;
}

interface IRow {
  node: HTMLElement;
  id: HTMLElement;
  program: HTMLElement;
  state: HTMLElement;
  cancel: HTMLButtonElement;
  bar: HTMLElement;
  why: HTMLElement;
  usage: HTMLElement;
}

export class JobList {
  constructor(private readonly _owner: IJobOwner) {
    this._viewport.addEventListener('scroll', () => this._drawRows(), { passive: true });
    this._viewport.addEventListener('pointermove', () => {
      this._steadyUntil = Date.now() + STEADY_MS;
    });
    this._viewport.addEventListener('pointerleave', () => {
      this._steadyUntil = 0;
    });
    this._grid.addEventListener('keydown', event => this._pressed(event));
    this._grid.addEventListener('click', event => this._clicked(event));
    this._fold = button('', 'qmode-Panel-fold', () => {
      this._unfolded = !this._unfolded;
      this._steadyUntil = 0;
      this._draw();
    });
    new ResizeObserver(() => {
      this._height = this._viewport.clientHeight;
      this._drawRows();
    }).observe(this._viewport);
    this._viewport.append(this._runway);
    this._grid.append(this._viewport);
    this.node.append(this._grid, this._empty, this._fold, this._details);
  }

  readonly node = h('div', { class: 'qmode-Panel-jobs' });

  /** Bring the list up to date. */
  render(view: IView, workload: string, now: number): void {
    if (workload !== this._workload || view.runtime !== this._view?.runtime) {
      this._workload = workload;
      this._scale = 1;
      this._unfolded = false;
      this._open = null;
      this._active = null;
      this._steadyUntil = 0;
      this._viewport.scrollTop = 0;
    }
    this._view = view;
    this._now = now;
    this._draw();
  }

  private _draw(): void {
    const view = this._view;
    if (!view) {
      return;
    }
    if (Date.now() >= this._steadyUntil) {
      this._rearrange(view);
    }
    const { rows, foldable } = this._arranged;
    const folded = foldedCount(this._arranged, view, this._workload);
    show(this._grid, rows.length > 0);
    show(this._empty, rows.length === 0);
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
    const top = Math.floor(this._viewport.scrollTop / ROW);
    const seen = this._arranged.rows[top]?.id;
    this._arranged = arrange(view, this._workload, this._unfolded);
    const { rows } = this._arranged;
    for (const job of rows) {
      const seconds = laneSeconds(job, this._now);
      if (seconds > this._scale) {
        this._scale = roundScale(seconds);
      }
    }
    if (!rows.some(job => job.id === this._active)) {
      this._active = rows[0]?.id ?? null;
    }
    mark(this._grid, 'aria-rowcount', rows.length);
    this._grid.style.height = this._runway.style.height = `${rows.length * ROW}px`;
    if (top > 0 && seen !== undefined) {
      const at = rows.findIndex(job => job.id === seen);
      if (at >= 0 && at !== top) {
        this._viewport.scrollTop += (at - top) * ROW;
      }
    }
  }

  private _drawRows(): void {
    const { rows } = this._arranged;
    const { first, last } = inSight(this._viewport.scrollTop, this._height, ROW, rows.length);
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
    for (let index = first; index < last; index++) {
      const id = rows[index]!.id;
      // While the order is kept, the jobs themselves go on.
      const job = this._view!.jobs.get(id);
      if (job) {
        this._drawRow(this._rowOf(id), job, index);
      }
    }
  }

  private _rowOf(id: string): IRow {
    let row = this._rows.get(id);
    if (!row) {
      row = this._spare.pop() ?? makeRow();
      mark(row.node, 'data-job', id);
      this._rows.set(id, row);
      this._runway.append(row.node);
    }
    return row;
  }

  private _drawRow(row: IRow, job: ISeenJob, index: number): void {
    const end = outcome(job);
    const open = !settled(job.state);
    const busy = open && this._owner.busy(job.id);
    const trouble = open ? this._owner.trouble(job.id) : '';
    const failed = !open && end !== 'done' ? failure(job.code, job.reason) : '';
    const place = `translateY(${index * ROW}px)`;
    if (row.node.style.transform !== place) {
      row.node.style.transform = place;
    }
    const active = job.id === this._active;
    mark(row.node, 'aria-rowindex', index + 1);
    mark(row.node, 'tabindex', active ? '0' : '-1');
    mark(row.node, 'data-state', end);
    mark(row.node, 'data-open', job.id === this._open);
    say(row.id, shortId(job.id));
    mark(row.id, 'title', job.id);
    say(row.program, job.program);
    mark(row.program, 'title', job.program);
    say(row.state, busy ? 'cancelling' : jobWord(end, job.place));
    say(row.usage, job.usage ? duration(job.usage) : '');
    say(row.why, trouble || failed);
    mark(row.why, 'title', trouble || job.reason || failed || null);
    mark(row.why, 'role', trouble ? 'alert' : null);
    mark(row.node, 'data-why', row.why.textContent !== '');
    mark(row.node, 'data-trouble', trouble !== '');
    show(row.cancel, open);
    row.cancel.disabled = busy;
    mark(row.cancel, 'tabindex', active ? '0' : '-1');
    mark(row.cancel, 'aria-label', `Cancel job ${shortId(job.id)}`);
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
    const life = lifeWords(job, this._now);
    mark(row.bar, 'title', life);
    mark(row.bar, 'aria-label', life || 'just submitted');
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
      ['not cancelled', settled(job.state) ? '' : this._owner.trouble(job.id)]
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
    const top = at * ROW;
    const { scrollTop } = this._viewport;
    if (top < scrollTop) {
      this._viewport.scrollTop = top;
    } else if (top + ROW > scrollTop + this._height) {
      this._viewport.scrollTop = top + ROW - this._height;
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
    const at = rows.findIndex(job => job.id === this._active);
    const page = Math.max(1, Math.floor(this._height / ROW) - 1);
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
      this._cancel(this._active);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this._toggle(this._active);
    } else if (event.key === 'Escape' && this._open !== null) {
      this._toggle(this._open);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private _clicked(event: MouseEvent): void {
    const target = event.target as Element;
    const id = target.closest('[data-job]')?.getAttribute('data-job') ?? null;
    if (id === null) {
      return;
    }
    this._active = id;
    if (target.closest('button')) {
      this._cancel(id);
    } else {
      this._toggle(id);
    }
  }

  private _cancel(id: string | null): void {
    const job = id === null ? undefined : this._view?.jobs.get(id);
    if (job && !settled(job.state) && !this._owner.busy(job.id)) {
      this._owner.cancel(job.id);
      this._draw();
    }
  }

  private _view: IView | null = null;
  private _workload = '';
  private _now = 0;
  private _arranged: IArranged = { rows: [], folded: 0, foldable: false };
  private _scale = 1;
  /** Of the part in sight: not asked for at each drawing, because the answer costs a layout. */
  private _height = 0;
  private _unfolded = false;
  private _steadyUntil = 0;
  /** The row that the keyboard is at, and the one whose details are shown. */
  private _active: string | null = null;
  private _open: string | null = null;
  private _rows = new Map<string, IRow>();
  private _spare: IRow[] = [];
  private _runway = h('div', { class: 'qmode-Panel-runway', role: 'rowgroup' });
  private _viewport = h('div', {
    class: 'qmode-Panel-viewport',
    role: 'presentation',
    tabindex: '-1'
  });
  private _grid = h('div', {
    class: 'qmode-Panel-grid',
    role: 'grid',
    'aria-label': 'Jobs: arrow keys move, Enter shows details, Delete cancels'
  });
  private _empty = h(
    'div',
    { class: 'qmode-Panel-hint', hidden: true },
    'No jobs yet: they show here as they are submitted.'
  );
  private _fold: HTMLButtonElement;
  private _details = h('dl', { class: 'qmode-Panel-details', hidden: true });
}

function makeRow(): IRow {
  const id = h('span', { class: 'qmode-Panel-id', role: 'rowheader' });
  const program = h('span', { class: 'qmode-Panel-program', role: 'gridcell' });
  const state = h('span', { class: 'qmode-Panel-state', role: 'gridcell' });
  const cancel = h(
    'button',
    { type: 'button', class: 'qmode-Panel-x', title: 'Cancel this job' },
    '×'
  );
  const bar = h('span', { class: 'qmode-Panel-bar', role: 'img' });
  const why = h('span', { class: 'qmode-Panel-why' });
  const usage = h('span', { class: 'qmode-Panel-jobUsage' });
  const node = h(
    'div',
    { class: 'qmode-Panel-row', role: 'row' },
    id,
    program,
    state,
    h('span', { class: 'qmode-Panel-end', role: 'gridcell' }, cancel),
    h('span', { class: 'qmode-Panel-life', role: 'gridcell' }, bar, why, usage)
  );
  return { node, id, program, state, cancel, bar, why, usage };
}
