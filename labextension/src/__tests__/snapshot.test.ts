import { describe, expect, it } from 'vitest';

import { merge, outcome } from '../model/snapshot';
import { clockAt, delta, job, view, whole, workload } from './made';

describe('merge', () => {
  it('begins with a whole and replaces complete entries by deltas', () => {
    const seen = view({ workloads: { w1: workload() }, jobs: { j1: job(), j2: job() } });
    const { outcome } = merge(
      seen,
      delta(1, {
        clock: clockAt(105),
        workloads: { w1: workload({ usage: 93 }) },
        jobs: { j1: job({ state: 'preparing', t: [0, 5] }) },
        gone: ['j2']
      })
    );
    expect(outcome).toBe('applied');
    expect(seen.seq).toBe(1);
    expect(seen.workloads.get('w1')).toMatchObject({ id: 'w1', usage: 93, asOf: 105 });
    expect([...seen.jobs.values()].map(one => one.state)).toEqual(['preparing']);
  });

  it('keeps the time that a figure is of when only the clock moves on', () => {
    const seen = view({ workloads: { w1: workload() } });
    merge(seen, delta(1, { clock: clockAt(150) }));
    expect(seen.clock.now).toBe(150);
    expect(seen.workloads.get('w1')!.asOf).toBe(100);
  });

  it.each([
    ['one that came before', 0, 'stale'],
    ['the next one', 1, 'applied'],
    ['one after a missing one', 2, 'gap']
  ])('takes %s as it is', (_, seq, expected) => {
    const seen = view({ workloads: { w1: workload() } });
    const message = delta(seq, { workloads: { w1: workload({ usage: 1 }) } });
    expect(merge(seen, message).outcome).toBe(expected);
    expect(seen.workloads.get('w1')!.usage).toBe(expected === 'applied' ? 1 : 88);
  });

  it('asks for the whole when a delta comes first or is of another runtime', () => {
    expect(merge(null, delta(1))).toEqual({ view: null, outcome: 'gap' });
    const seen = view();
    expect(merge(seen, delta(1, { runtime: 'bbbb2222' })).outcome).toBe('gap');
    expect(seen.seq).toBe(0);
  });

  it('forgets everything of the old runtime at a whole of another', () => {
    const seen = view({ workloads: { w1: workload() }, jobs: { j1: job() } });
    const next = merge(seen, whole({ runtime: 'bbbb2222', seq: 7 })).view!;
    expect([next.runtime, next.seq, next.workloads.size, next.jobs.size]).toEqual([
      'bbbb2222',
      7,
      0,
      0
    ]);
  });

  it('does not take a whole without a clock or plan', () => {
    const { clock: _, ...timeless } = whole();
    expect(merge(null, timeless)).toEqual({ view: null, outcome: 'gap' });
  });

  it('takes a thousand jobs in well under a frame', () => {
    const jobs = Object.fromEntries(
      Array.from({ length: 1000 }, (_, k) => [`j${k}`, job({ t: [k] })])
    );
    const seen = view({ jobs });
    const start = performance.now();
    merge(seen, delta(1, { jobs }));
    expect(performance.now() - start).toBeLessThan(16);
    expect(seen.jobs.size).toBe(1000);
  });
});

it('counts a job that was stopped because it ran too long as failed', () => {
  expect(outcome(job({ state: 'cancelled', code: 1305 }))).toBe('failed');
  expect(outcome(job({ state: 'cancelled' }))).toBe('cancelled');
});
