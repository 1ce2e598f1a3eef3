/** The sum of messages, told by the transcripts that the kernel's own merge is tested with, too. */

import { describe, expect, it } from 'vitest';

import { lose, merge, outcome } from '../core/model';
import type { IView } from '../core/model';
import type { IJob, IMessage, IWorkload } from '../core/protocol';
import { AT, clockAt, delta, job, shared, view, workload } from './made';

interface ITranscript {
  title: string;
  messages: IMessage[];
  outcomes: string[];
  /** What is known at the end; null for nothing. */
  known: Pick<IView, 'runtime' | 'seq' | 'complete' | 'clock' | 'plan' | 'focus'> & {
    workloads: Record<string, IWorkload>;
    /** As pairs, because their order counts. */
    jobs: [string, IJob][];
  };
}

const transcripts = shared<ITranscript[]>('transcripts.json');

describe('the sum of messages', () => {
  it.each(transcripts.map(one => [one.title, one] as const))('%s', (_, one) => {
    let seen: IView | null = null;
    const outcomes: string[] = [];
    for (const message of one.messages) {
      const { view, outcome } = merge(seen, message);
      seen = view;
      outcomes.push(outcome);
    }
    expect(outcomes).toEqual(one.outcomes);
    const { runtime, seq, complete, clock, plan, focus, workloads, jobs, order } = seen!;
    const plain = <T extends { id: string; asOf?: number }>({ id: _, asOf: __, ...entry }: T) =>
      entry;
    expect({
      runtime,
      seq,
      complete,
      clock,
      plan,
      focus,
      workloads: Object.fromEntries([...workloads].map(([id, entry]) => [id, plain(entry)])),
      jobs: order.map(id => [id, plain(jobs.get(id)!)])
    }).toEqual(one.known);
    expect(order.length).toBe(jobs.size);
  });

  it('keeps the time that a figure is of when only the clock moves on', () => {
    const seen = view({ workloads: { w1: workload() } });
    merge(seen, delta(1, { clock: clockAt(150) }));
    expect(seen.clock.now).toBe(150);
    expect(seen.workloads.get('w1')!.asOf).toBe(100);
  });

  it('takes a thousand jobs one by one, newest first or last, without walking over all', () => {
    const jobs = Object.fromEntries(
      Array.from({ length: 1000 }, (_, k) => [`j${k}`, job({ t: [k] })])
    );
    const seen = view({ jobs });
    merge(seen, delta(1, { jobs }));
    expect(seen.order.length).toBe(1000);
    expect(seen.order[999]).toBe('j999');
  });
});

it('stands still when its kernel is gone', () => {
  const seen = view({ workloads: { w1: workload() } });
  lose(seen, 107, AT + 7000);
  expect([seen.live, seen.clock.now, seen.clock.rate]).toEqual([false, 107, 0]);
});

it('counts a job that was stopped because it ran too long as failed', () => {
  expect(outcome(job({ state: 'cancelled', code: 1305 }))).toBe('failed');
  expect(outcome(job({ state: 'cancelled' }))).toBe('cancelled');
});
