/** Snapshots for tests. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { nullTranslator } from '@jupyterlab/translation';

import { NO_JOBS } from '../core/model';
import type { IView } from '../core/model';
import type { IClock, IJob, IMessage, IWorkload } from '../core/protocol';
import { merge } from '../core/model';

export const trans = nullTranslator.load('qmode_jupyter');

/** What the kernel's tests are held to, too. */
export function shared<T>(name: string): T {
  const folder = join(import.meta.dirname, '../../../tests/notebook');
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

export const AT = 1_763_625_600_000;

export function clockAt(now: number, more: Partial<IClock> = {}): IClock {
  return {
    now,
    at_ms: AT,
    rate: 1,
    held: false,
    speed: 'max',
    origin_ms: AT - now * 1000,
    ...more
  };
}

export function workload(more: Partial<IWorkload> = {}): IWorkload {
  return {
    mode: 'session',
    name: 'vqe',
    backend: 'generic_19q',
    state: 'active',
    word: 'In progress',
    accepting: true,
    reason: '',
    opened: 0,
    started: 2,
    closed: null,
    idle: { timeout: 60, deadline: null, note: 'counts when no job is left' },
    max: { timeout: 600, deadline: 602, note: 'never pauses' },
    usage: 88,
    qpu: 40,
    usage_rate: 1,
    usd: 70.4,
    place: null,
    counts: { ...NO_JOBS },
    ...more
  };
}

export function job(more: Partial<IJob> = {}): IJob {
  return { workload: 'w1', program: 'estimator', state: 'queued', t: [0], usage: 0, ...more };
}

export function whole(more: Partial<IMessage> = {}): IMessage {
  return {
    v: 1,
    runtime: 'aaaa1111',
    seq: 0,
    whole: true,
    clock: clockAt(100),
    plan: { name: 'premium', title: 'Premium', usd_per_s: 0.8 },
    workloads: {},
    jobs: {},
    ...more
  };
}

export function delta(seq: number, more: Partial<IMessage> = {}): IMessage {
  return { ...whole(), seq, whole: false, ...more };
}

export function view(more: Partial<IMessage> = {}): IView {
  return merge(null, whole(more)).view!;
}

/** A session at work: three jobs unfinished, two done, one failed. */
export function atWork(): Partial<IMessage> {
  const counts = { ...NO_JOBS, on_qpu: 1, preparing: 1, queued: 1, done: 2, failed: 1 };
  return {
    workloads: { w1: workload({ counts }) },
    jobs: {
      d41fa0000000000000k1: job({ state: 'done', t: [10, 10, 11, 12, 20], usage: 8 }),
      d41fa0000000000000k2: job({ state: 'done', t: [20, 20, 21, 22, 30], usage: 8 }),
      d41fa0000000000000k3: job({
        program: 'sampler',
        state: 'failed',
        t: [30, 30, 31, 32, 36],
        usage: 4,
        code: 1517,
        reason: 'The instruction h on qubits (0,) is not supported.'
      }),
      d41fa0000000000000k4: job({ state: 'on_qpu', t: [80, 81, 83, 90] }),
      d41fa0000000000000k5: job({ state: 'preparing', t: [85, 95] }),
      d41fa0000000000000k6: job({ state: 'queued', t: [86], place: 1 })
    }
  };
}
