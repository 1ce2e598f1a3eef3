/** A job's life as a bar: queued, preparing, waiting for the QPU, on the QPU. */

import { outcome } from './model';
import type { IJob } from './protocol';
import { JOB_WORDS, duration } from './words';

export type Phase = 'queued' | 'preparing' | 'waiting' | 'on_qpu';

const PHASES: readonly Phase[] = ['queued', 'preparing', 'waiting', 'on_qpu'];

/** Share of a bar that the queue can take up at most, however long it was. */
const QUEUE_SHARE = 0.3;

export interface IPhase {
  kind: Phase;
  seconds: number;
}

/** A job's phases so far; one that it passed through in no time is there with zero seconds. */
export function phases(job: IJob, now: number): IPhase[] {
  const known = job.t.filter(moment => moment !== null) as number[];
  const stop = job.t[4] ?? Math.max(now, ...known);
  const found: IPhase[] = [];
  PHASES.forEach((kind, index) => {
    const begin = job.t[index];
    if (begin === null || begin === undefined) {
      return;
    }
    const next = job.t.slice(index + 1, 4).find(moment => moment !== null && moment !== undefined);
    found.push({ kind, seconds: Math.max(0, (next ?? stop) - begin) });
  });
  return found;
}

/** A part of a bar: which colour, and which share of the full width. */
export interface IPart {
  kind: Phase | 'failed' | 'cancelled';
  share: number;
}

/**
 * The parts of a job's bar.
 *
 * The time in the lanes and on the QPU is to scale, `scale` seconds being the full bar; the time in
 * the queue, which can be hours, is pressed into the first third. The last part of a job that failed
 * or was cancelled says so.
 */
export function barParts(job: IJob, now: number, scale: number): IPart[] {
  const parts: IPart[] = phases(job, now).map(({ kind, seconds }) => ({
    kind,
    share:
      kind === 'queued'
        ? (QUEUE_SHARE * seconds) / (seconds + scale)
        : (1 - QUEUE_SHARE) * Math.min(1, seconds / scale)
  }));
  const end = outcome(job);
  const last = parts[parts.length - 1];
  if (last && (end === 'failed' || end === 'cancelled')) {
    last.kind = end;
  }
  const sum = parts.reduce((total, part) => total + part.share, 0);
  return sum > 1 ? parts.map(part => ({ ...part, share: part.share / sum })) : parts;
}

/** The time in lanes and on the QPU, which sets the scale of the bars. */
export function laneSeconds(job: IJob, now: number): number {
  return phases(job, now).reduce(
    (sum, { kind, seconds }) => sum + (kind === 'queued' ? 0 : seconds),
    0
  );
}

/** Round up to a length that a bar can stand for without changing at every job. */
export function roundScale(seconds: number): number {
  const steps = [1, 2, 3, 5, 10, 15, 20, 30];
  let unit = 1;
  while (seconds > 30 * unit) {
    unit *= unit === 1 ? 60 : 10;
  }
  return unit * (steps.find(step => seconds <= step * unit) ?? 60);
}

/** A job's life in words: "queued 34 s, preparing 2 s, on the QPU 8 s". */
export function lifeWords(job: IJob, now: number): string {
  return phases(job, now)
    .filter(({ seconds }) => seconds >= 0.05)
    .map(({ kind, seconds }) => `${JOB_WORDS[kind]} ${duration(seconds)}`)
    .join(', ');
}
