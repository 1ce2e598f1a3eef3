/**
 * What the kernel tells of a runtime: plain JSON, whole or as a delta, and the merge of the two.
 */

export type JobState =
  'queued' | 'preparing' | 'waiting' | 'on_qpu' | 'done' | 'failed' | 'cancelled';

export type WorkloadState = 'open' | 'active' | 'inactive' | 'closed';

/** The version of the messages that this page reads. */
export const VERSION = 1;

export interface IClock {
  /** Emulated seconds. */
  now: number;
  /** When `now` was read, in epoch milliseconds of the kernel's machine. */
  at_ms: number;
  /** Emulated seconds per wall second; 0 while the clock holds or waits. */
  rate: number;
  held: boolean;
  speed: number | 'max';
  origin_ms: number;
}

export interface IPlan {
  name: string;
  title: string;
  usd_per_s: number | null;
}

export interface ITimeout {
  timeout: number;
  /** Emulated second at which it ends the workload; null while it does not count. */
  deadline: number | null;
  /** What it waits for while it does not count. */
  note: string;
}

export type Counts = Record<JobState, number>;

export interface IWorkload {
  mode: string;
  name: string;
  backend: string;
  state: WorkloadState;
  word: string;
  accepting: boolean;
  reason: string;
  opened: number;
  started: number | null;
  closed: number | null;
  idle: ITimeout | null;
  max: ITimeout | null;
  usage: number;
  qpu: number;
  usage_rate: number;
  usd: number | null;
  place: number | null;
  counts: Counts;
  history: [string, number][];
}

export interface IJob {
  workload: string | null;
  program: string;
  state: JobState;
  /** submitted, preparing, waiting, on the QPU, ended; what has not come is cut off or null. */
  t: (number | null)[];
  usage: number;
  place?: number;
  code?: number;
  reason?: string;
}

export interface IMessage {
  v: number;
  runtime: string;
  seq: number;
  whole: boolean;
  clock?: IClock;
  plan?: IPlan;
  workloads?: Record<string, IWorkload>;
  jobs?: Record<string, IJob>;
  gone?: string[];
}

/** A workload, and the emulated second that its figures are of. */
export interface ISeenWorkload extends IWorkload {
  id: string;
  asOf: number;
}

export interface ISeenJob extends IJob {
  id: string;
}

/** Everything that is known of one runtime. */
export interface IView {
  runtime: string;
  seq: number;
  clock: IClock;
  plan: IPlan;
  workloads: Map<string, ISeenWorkload>;
  jobs: Map<string, ISeenJob>;
}

export const NO_JOBS: Readonly<Counts> = {
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
export function outcome(job: IJob): JobState {
  return job.state === 'cancelled' && job.code === TOO_LONG ? 'failed' : job.state;
}

/** How many jobs have not ended. */
export function unfinished(counts: Counts): number {
  return counts.queued + counts.preparing + counts.waiting + counts.on_qpu;
}

/**
 * What became of a message: taken in; older than what is known; or after one that is missing, so
 * that the whole has to be asked for.
 */
export type Outcome = 'applied' | 'stale' | 'gap';

/**
 * Take a message into a view.
 *
 * A whole makes a new view, a delta of the same runtime with the next number changes the view in
 * place. Entries are complete: a newer one replaces an older one.
 */
export function merge(
  view: IView | null,
  message: IMessage
): { view: IView | null; outcome: Outcome } {
  if (message.whole) {
    if (!message.clock || !message.plan) {
      return { view, outcome: 'gap' };
    }
    const fresh: IView = {
      runtime: message.runtime,
      seq: message.seq,
      clock: message.clock,
      plan: message.plan,
      workloads: new Map(),
      jobs: new Map()
    };
    take(fresh, message);
    return { view: fresh, outcome: 'applied' };
  }
  if (!view || view.runtime !== message.runtime || message.seq > view.seq + 1) {
    return { view, outcome: 'gap' };
  }
  if (message.seq <= view.seq) {
    return { view, outcome: 'stale' };
  }
  view.seq = message.seq;
  view.clock = message.clock ?? view.clock;
  view.plan = message.plan ?? view.plan;
  take(view, message);
  return { view, outcome: 'applied' };
}

function take(view: IView, message: IMessage): void {
  for (const [id, workload] of Object.entries(message.workloads ?? {})) {
    view.workloads.set(id, { ...workload, id, asOf: view.clock.now });
  }
  for (const [id, job] of Object.entries(message.jobs ?? {})) {
    view.jobs.set(id, { ...job, id });
  }
  for (const id of message.gone ?? []) {
    view.workloads.delete(id);
    view.jobs.delete(id);
  }
}
