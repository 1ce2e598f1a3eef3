/**
 * What the kernel tells of a runtime: plain JSON, whole or as a delta.
 *
 * The same as the TypedDicts of the kernel's view model: a test compares the two, name by name.
 */

/** The version of the messages that this page reads. */
export const VERSION = 1;

/** Up to here all jobs of a workload are listed as they were submitted; of more, at least so many. */
export const LISTED = 10;

/** Of the rows that finished jobs get among many, how many failures get before newer jobs. */
export const FAILURES_LISTED = 5;

export type JobState =
  'queued' | 'preparing' | 'waiting' | 'on_qpu' | 'done' | 'failed' | 'cancelled';

export type WorkloadState = 'open' | 'active' | 'inactive' | 'closed';

export interface IClock {
  /** Emulated seconds. */
  now: number;
  /** When `now` was read, in epoch milliseconds of the kernel's machine. */
  at_ms: number;
  /** Emulated seconds per wall second; 0 while the clock holds or waits. */
  rate: number;
  held: boolean;
  speed: number | 'max';
  /** When emulated second 0 was, in epoch milliseconds. */
  origin_ms: number;
  /** The seconds are those of the wall: nothing is emulated. */
  real?: boolean;
}

export interface IPlan {
  name: string;
  title: string;
  /** Price of a second of usage; null when the plan is free. */
  usd_per_s: number | null;
}

export interface ITimeout {
  /** Seconds of the whole timeout. */
  timeout: number;
  /** Emulated second at which it ends the workload; null while it does not count. */
  deadline: number | null;
  /** What it waits for while it does not count. */
  note: string;
}

/** How many jobs of a workload are in each state. */
export interface ICounts {
  queued: number;
  preparing: number;
  waiting: number;
  on_qpu: number;
  done: number;
  failed: number;
  cancelled: number;
}

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
  /** The interactive timeout; null where there is none, as for jobs by themselves. */
  idle: ITimeout | null;
  max: ITimeout | null;
  /** Seconds charged so far. */
  usage: number;
  /** Seconds of them that ended jobs held the QPU. */
  qpu: number;
  /** Seconds charged per emulated second from now on. */
  usage_rate: number;
  usd: number | null;
  /** Place in the QPU's queue, 1 being next; null while it does not queue. */
  place: number | null;
  counts: ICounts;
}

export interface IJob {
  /** The workload or group that it belongs to. */
  workload: string | null;
  program: string;
  state: JobState;
  /** submitted, preparing, waiting, on the QPU, ended; what has not come is cut off or null. */
  t: (number | null)[];
  usage: number;
  /** Place in the QPU's queue; of many queued jobs only the next ones say it. */
  place?: number;
  code?: number;
  reason?: string;
}

export interface IMessage {
  v: number;
  runtime: string;
  /** Number of the message on its way to one page: one that is left out was lost. */
  seq: number;
  /** Everything there is, or only what has changed. */
  whole: boolean;
  clock: IClock;
  plan: IPlan;
  workloads: Record<string, IWorkload>;
  jobs: Record<string, IJob>;
  /** The workload that a card is about. */
  focus?: string;
}
