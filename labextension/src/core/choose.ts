/**
 * What is shown, and in which order.
 */

import { NO_JOBS, outcome, settled } from './model';
import type { ISeenJob, ISeenWorkload, IView } from './model';
import { FAILURES_LISTED, LISTED } from './protocol';
import type { ICounts, JobState } from './protocol';

/** The id under which jobs without a workload are shown together. */
export const SINGLES = '';

const STANDING = { active: 0, inactive: 1, open: 1, closed: 2 } as const;

/** Workloads: running ones first, then waiting ones, then closed ones; the newest first of each. */
export function workloads(view: IView): ISeenWorkload[] {
  const all = [...view.workloads.values()];
  const singles = singleJobs(view);
  if (singles) {
    all.push(singles);
  }
  const newness = (w: ISeenWorkload) => (w.state === 'closed' ? (w.closed ?? w.opened) : w.opened);
  return all.sort((a, b) => STANDING[a.state] - STANDING[b.state] || newness(b) - newness(a));
}

/** The workload that a card is about, that the status item tells of and the panel opens with. */
export function focus(view: IView): ISeenWorkload | null {
  const named = view.focus === null ? undefined : view.workloads.get(view.focus);
  return named ?? workloads(view)[0] ?? null;
}

/** The jobs that belong to no workload, as one. */
function singleJobs(view: IView): ISeenWorkload | null {
  const counts: ICounts = { ...NO_JOBS };
  let usage = 0;
  let opened = Infinity;
  let ended = 0;
  let backend = '';
  let some = false;
  let busy = false;
  for (const job of view.jobs.values()) {
    if (job.workload !== null) {
      continue;
    }
    some = true;
    counts[job.state]++;
    usage += job.usage;
    opened = Math.min(opened, job.t[0] ?? Infinity);
    ended = Math.max(ended, job.t[4] ?? 0);
    busy ||= !settled(job.state);
  }
  if (!some) {
    return null;
  }
  const rate = view.plan.usd_per_s;
  return {
    id: SINGLES,
    mode: 'single jobs',
    name: '',
    backend,
    state: busy ? 'active' : 'closed',
    word: busy ? 'In progress' : 'Closed',
    accepting: true,
    reason: '',
    opened,
    started: null,
    closed: busy ? null : ended,
    idle: null,
    max: null,
    usage,
    qpu: usage,
    usage_rate: 0,
    usd: rate === null ? null : usage * rate,
    place: null,
    counts,
    asOf: view.clock.now
  };
}

const STAGES: readonly JobState[] = ['on_qpu', 'waiting', 'preparing', 'queued'];

export interface IArranged {
  /** Jobs to list, from the top. */
  rows: ISeenJob[];
  /** How many finished ones are folded away. */
  folded: number;
  /** Whether there is anything to fold. */
  foldable: boolean;
}

/**
 * Choose and order the jobs of a workload.
 *
 * Few are listed as they were submitted. Of many, the unfinished come first (what is on the QPU, then
 * the lanes, then the newest in the queue); of the finished the newest fill the list up, the latest
 * failures before the others, and the rest folds away until `unfolded`.
 */
export function arrange(view: IView, workload: string, unfolded: boolean): IArranged {
  const owner = workload === SINGLES ? null : workload;
  const counts = view.workloads.get(workload)?.counts;
  // Of a thousand jobs it takes long to hear what became of each; how many there are of a kind, it doesn't.
  const past = (job: ISeenJob) => counts?.[job.state] === 0 && !settled(job.state);
  const mine = view.order
    .map(id => view.jobs.get(id)!)
    .filter(job => job.workload === owner && !past(job));
  const all = counts ? Object.values(counts).reduce((sum, count) => sum + count, 0) : 0;
  if (Math.max(mine.length, all) <= LISTED) {
    return { rows: mine, folded: 0, foldable: false };
  }
  mine.reverse();
  const rows = STAGES.flatMap(stage => mine.filter(job => job.state === stage));
  const finished = mine.filter(job => settled(job.state));
  const room = Math.max(0, LISTED - rows.length);
  if (unfolded || finished.length <= room) {
    return { rows: rows.concat(finished), folded: 0, foldable: finished.length > room };
  }
  const failures = finished.filter(job => outcome(job) === 'failed');
  const kept = new Set(failures.slice(0, Math.min(FAILURES_LISTED, room)));
  for (const job of finished) {
    if (kept.size >= room) {
      break;
    }
    kept.add(job);
  }
  return {
    rows: rows.concat(finished.filter(job => kept.has(job))),
    folded: finished.length - kept.size,
    foldable: true
  };
}

/** How many finished jobs are not listed, those included that this page has not heard of yet. */
export function foldedCount({ rows, folded }: IArranged, view: IView, workload: string): number {
  const counts = view.workloads.get(workload)?.counts ?? NO_JOBS;
  const listed = rows.filter(job => settled(job.state)).length;
  return Math.max(folded, counts.done + counts.failed + counts.cancelled - listed);
}
