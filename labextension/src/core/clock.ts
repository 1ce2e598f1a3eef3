/**
 * Arithmetic of the emulated clock: what it shows now, what a timeout has left, what usage has
 * grown to. Between two messages the page counts by itself.
 */

import { settled, unfinished } from './model';
import type { ISeenWorkload, IView } from './model';
import type { IClock, ITimeout } from './protocol';

/** Clocks of page and kernel that differ by less than this are taken as one, in milliseconds. */
const SAME_CLOCK = 2000;

/**
 * Learns how far this machine's clock is from the kernel's, which may be another machine's.
 *
 * Each message says when it was made; the one that took the least time on the way tells the
 * difference best.
 */
export class Skew {
  /** Milliseconds that this machine's clock is ahead. */
  get ms(): number {
    return Math.abs(this._ms) < SAME_CLOCK || !Number.isFinite(this._ms) ? 0 : this._ms;
  }

  learn(madeAtMs: number, receivedAtMs: number): void {
    this._ms = Math.min(this._ms, receivedAtMs - madeAtMs);
  }

  forget(): void {
    this._ms = Infinity;
  }

  private _ms = Infinity;
}

/** Emulated seconds at a wall time of the kernel's machine. */
export function emulatedNow(clock: IClock, wallMs: number): number {
  return clock.now + (Math.max(0, wallMs - clock.at_ms) / 1000) * clock.rate;
}

export type Urgency = 'calm' | 'soon' | 'urgent';

/** A shorter timeout, such as a batch's one second, is over before a warning can be read. */
const WARN_FROM = 10;

/** How near a timeout's end is: under a quarter of it soon, under a tenth urgent. */
export function urgency(remaining: number, timeout: number): Urgency {
  if (timeout < WARN_FROM) {
    return 'calm';
  }
  if (remaining < timeout / 10) {
    return 'urgent';
  }
  return remaining < timeout / 4 ? 'soon' : 'calm';
}

export interface ICountdown {
  kind: 'interactive' | 'maximum';
  /** Seconds of the whole timeout. */
  timeout: number;
  /** Emulated seconds left; null while it does not count. */
  remaining: number | null;
  /** The part that is left, 0 to 1; 1 while it does not count. */
  part: number;
  urgency: Urgency;
  note: string;
}

export function countdownOf(kind: ICountdown['kind'], timeout: ITimeout, now: number): ICountdown {
  if (timeout.deadline === null) {
    return {
      kind,
      timeout: timeout.timeout,
      remaining: null,
      part: 1,
      urgency: 'calm',
      note: timeout.note
    };
  }
  const remaining = Math.min(timeout.timeout, Math.max(0, timeout.deadline - now));
  return {
    kind,
    timeout: timeout.timeout,
    remaining,
    part: timeout.timeout > 0 ? Math.min(1, remaining / timeout.timeout) : 0,
    urgency: urgency(remaining, timeout.timeout),
    note: timeout.note
  };
}

/** A workload's timeouts; a job by itself has none. */
export function countdowns(workload: ISeenWorkload, now: number): ICountdown[] {
  const found: ICountdown[] = [];
  if (workload.idle) {
    found.push(countdownOf('interactive', workload.idle, now));
  }
  if (workload.max) {
    found.push(countdownOf('maximum', workload.max, now));
  }
  return found;
}

/** What runs out first of what counts. */
export function runsOutFirst(workload: ISeenWorkload, now: number): ICountdown | null {
  if (workload.state === 'closed') {
    return null;
  }
  let first: ICountdown | null = null;
  for (const one of countdowns(workload, now)) {
    if (one.remaining !== null && (first === null || one.remaining < first.remaining!)) {
      first = one;
    }
  }
  return first;
}

/**
 * The timeout to show first: the maximum one when it would be over before the interactive one, which
 * counts with its whole length while it waits.
 */
export function shownFirst(workload: ISeenWorkload, now: number): ICountdown['kind'] {
  const { idle, max } = workload;
  const left = max?.deadline == null ? Infinity : max.deadline - now;
  const pause = idle?.deadline == null ? (idle?.timeout ?? Infinity) : idle.deadline - now;
  return left < pause ? 'maximum' : 'interactive';
}

export interface IUsage {
  /** Seconds charged. */
  usage: number;
  /** Seconds of them that jobs held the QPU. */
  qpu: number;
  usd: number | null;
}

/** A workload's usage, grown since its figures were taken. */
export function usageNow(workload: ISeenWorkload, view: IView, now: number): IUsage {
  const passed = workload.state === 'closed' ? 0 : Math.max(0, now - workload.asOf);
  const grown = passed * workload.usage_rate;
  const usage = workload.usage + grown;
  const rate = view.plan.usd_per_s;
  return {
    usage,
    qpu: Math.min(usage, workload.qpu + onQpuNow(workload, view, now)),
    usd: workload.usd === null || rate === null ? workload.usd : workload.usd + grown * rate
  };
}

/**
 * How long the job that is on the QPU has been there: a session is charged for it as it goes. One that
 * this page has not heard of yet counts from the figures on.
 */
function onQpuNow(workload: ISeenWorkload, view: IView, now: number): number {
  if (workload.usage_rate === 0 || workload.counts.on_qpu === 0) {
    return 0;
  }
  for (const job of view.jobs.values()) {
    if (job.workload === workload.id && job.state === 'on_qpu') {
      return Math.max(0, now - (job.t[3] ?? now));
    }
  }
  return Math.max(0, now - workload.asOf);
}

/** Whether anything that is shown changes by itself as time passes. */
export function ticking(view: IView): boolean {
  if (view.clock.rate === 0) {
    return false;
  }
  for (const workload of view.workloads.values()) {
    const counts = workload.idle?.deadline != null || workload.max?.deadline != null;
    if (
      workload.state !== 'closed' &&
      (counts || workload.usage_rate > 0 || unfinished(workload.counts))
    ) {
      return true;
    }
  }
  for (const job of view.jobs.values()) {
    if (job.workload === null && !settled(job.state)) {
      return true;
    }
  }
  return false;
}
