/** Everything that a page knows of one runtime: the sum of all messages so far. */

import { VERSION } from './protocol';
import type { IClock, ICounts, IJob, IMessage, IPlan, IWorkload, JobState } from './protocol';

/** A workload, and the emulated second that its figures are of. */
export interface ISeenWorkload extends IWorkload {
  id: string;
  asOf: number;
}

export interface ISeenJob extends IJob {
  id: string;
}

export interface IView {
  runtime: string;
  seq: number;
  /** Whether a whole has come and nothing was missed since. */
  complete: boolean;
  /** Whether there is a kernel that could still tell something. */
  live: boolean;
  /** The workload that the kernel names, if it names one. */
  focus: string | null;
  clock: IClock;
  plan: IPlan;
  workloads: Map<string, ISeenWorkload>;
  jobs: Map<string, ISeenJob>;
  /** Ids of jobs, the oldest submission first. */
  order: string[];
}

export const NO_JOBS: Readonly<ICounts> = {
  queued: 0,
  preparing: 0,
  waiting: 0,
  on_qpu: 0,
  done: 0,
  failed: 0,
  cancelled: 0
};

const SETTLED: ReadonlySet<JobState> = new Set(['done', 'failed', 'cancelled']);

/** Whether a job in this state has ended. */
export function settled(state: JobState): boolean {
  return SETTLED.has(state);
}

/** Reason code of a job that was stopped because it ran longer than it may: that is a failure. */
const TOO_LONG = 1305;

/** How a job counts, whatever the service calls it. */
export function outcome(job: Pick<IJob, 'state' | 'code'>): JobState {
  return job.state === 'cancelled' && job.code === TOO_LONG ? 'failed' : job.state;
}

/** How many jobs have not ended. */
export function unfinished(counts: ICounts): number {
  return counts.queued + counts.preparing + counts.waiting + counts.on_qpu;
}

/**
 * What became of a message: taken in; taken in, though something before it is missing, so that the
 * whole has to be asked for; older than what is known; of a version that this page can't read.
 */
export type Outcome = 'applied' | 'gap' | 'stale' | 'foreign';

/**
 * Take a message into a view.
 *
 * A whole, or a message of another runtime, begins a new view; a delta changes the view in place.
 * Entries are complete in themselves: a newer one replaces an older one, also after a gap.
 */
export function merge(
  view: IView | null,
  message: IMessage
): { view: IView | null; outcome: Outcome } {
  if (message.v !== VERSION) {
    return { view, outcome: 'foreign' };
  }
  const begins = message.whole || view === null || view.runtime !== message.runtime;
  if (!begins && message.seq <= view.seq) {
    return { view, outcome: 'stale' };
  }
  const next = begins ? fresh(message) : view;
  next.complete = message.whole || (next.complete && message.seq === next.seq + 1);
  next.seq = message.seq;
  next.clock = message.clock;
  next.plan = message.plan;
  next.focus = message.focus ?? next.focus;
  take(next, message);
  return { view: next, outcome: next.complete ? 'applied' : 'gap' };
}

function fresh({ runtime, seq, clock, plan }: IMessage): IView {
  return {
    runtime,
    seq,
    complete: false,
    live: true,
    focus: null,
    clock,
    plan,
    workloads: new Map(),
    jobs: new Map(),
    order: []
  };
}

function take(view: IView, message: IMessage): void {
  for (const [id, workload] of Object.entries(message.workloads)) {
    view.workloads.set(id, { ...workload, id, asOf: view.clock.now });
  }
  const now = new Set<string>();
  for (const [id, job] of Object.entries(message.jobs)) {
    if (!view.jobs.has(id)) {
      insert(view, id, job.t[0] ?? 0, now);
    }
    view.jobs.set(id, { ...job, id });
  }
}

/**
 * Put a new job where it was submitted. Of jobs of one instant, those in one message stay in its
 * order, and what comes in a later message is older: a kernel with much to tell sends the newest first.
 */
function insert({ order, jobs }: IView, id: string, submitted: number, now: Set<string>): void {
  let at = order.length;
  for (; at > 0; at--) {
    const before = order[at - 1]!;
    const other = jobs.get(before)!.t[0] ?? 0;
    if (other < submitted || (other === submitted && now.has(before))) {
      break;
    }
  }
  order.splice(at, 0, id);
  now.add(id);
}

/** Let a view stand still at an emulated second: its kernel is gone. */
export function lose(view: IView, now: number, wallMs: number): void {
  view.live = false;
  view.clock = { ...view.clock, now, at_ms: wallMs, rate: 0 };
}
