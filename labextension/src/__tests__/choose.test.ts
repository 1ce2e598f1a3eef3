import { describe, expect, it } from 'vitest';

import { SINGLES, arrange, focus, foldedCount, workloads } from '../core/choose';
import { inSight } from '../core/rows';
import { NO_JOBS } from '../core/model';
import { LISTED } from '../core/protocol';
import type { IJob } from '../core/protocol';
import { atWork, job, view, workload } from './made';

const CLOSED = { state: 'closed', word: 'Closed' } as const;

describe('workloads', () => {
  it('stand with the running ones on top, then the waiting, then the latest closed', () => {
    const all = view({
      workloads: {
        early: workload({ ...CLOSED, opened: 1, closed: 50 }),
        late: workload({ ...CLOSED, opened: 0, closed: 90 }),
        waits: workload({ state: 'open', opened: 60 }),
        paused: workload({ state: 'inactive', opened: 70 }),
        runs: workload({ opened: 40 })
      }
    });
    expect(workloads(all).map(one => one.id)).toEqual(['runs', 'paused', 'waits', 'late', 'early']);
    expect(focus(all)!.id).toBe('runs');
  });

  it('include the jobs that belong to none, as one', () => {
    const all = view({
      workloads: { w1: workload(CLOSED) },
      jobs: {
        j1: job({ workload: null, state: 'done', t: [1, 1, 1, 2, 5], usage: 3 }),
        j2: job({ workload: null, state: 'queued', t: [6] })
      }
    });
    expect(focus(all)).toMatchObject({
      id: SINGLES,
      state: 'active',
      usage: 3,
      idle: null,
      max: null
    });
    expect(focus(all)!.counts).toMatchObject({ done: 1, queued: 1 });
    expect(arrange(all, SINGLES, false).rows).toHaveLength(2);
  });

  it('give way to the one that the kernel names', () => {
    const two = { w1: workload(CLOSED), w2: workload({ opened: 5 }) };
    expect(focus(view({ workloads: two, focus: 'w1' }))!.id).toBe('w1');
    expect(focus(view({ workloads: two }))!.id).toBe('w2');
  });

  it('are none at first', () => {
    expect(focus(view())).toBeNull();
  });
});

describe('jobs', () => {
  const many = (unfinished: number, finished: number) => {
    const jobs: Record<string, IJob> = {};
    for (let k = 0; k < finished; k++) {
      jobs[`f${k}`] = job({ state: k % 10 ? 'done' : 'failed', t: [k, k, k, k, k + 1] });
    }
    for (let k = 0; k < unfinished; k++) {
      jobs[`u${k}`] = job({ state: k ? 'queued' : 'on_qpu', t: [1000 + k] });
    }
    const failed = Math.ceil(finished / 10);
    const counts = {
      ...NO_JOBS,
      done: finished - failed,
      failed,
      on_qpu: 1,
      queued: unfinished - 1
    };
    return view({ workloads: { w1: workload({ counts }) }, jobs });
  };

  it('are listed as they were submitted when they are few', () => {
    const { rows, foldable } = arrange(view(atWork()), 'w1', false);
    expect(rows.map(one => one.id.slice(-2))).toEqual(['k1', 'k2', 'k3', 'k4', 'k5', 'k6']);
    expect(foldable).toBe(false);
  });

  it('stand with what is on the QPU on top, then the newest, when they are many', () => {
    const { rows, folded } = arrange(many(20, 30), 'w1', false);
    expect(rows.slice(0, 3).map(one => one.id)).toEqual(['u0', 'u19', 'u18']);
    expect([rows.length, folded]).toEqual([20, 30]);
  });

  it('fill the list up with failures and the newest that have ended', () => {
    const { rows, folded } = arrange(many(2, 30), 'w1', false);
    expect(rows.map(one => one.id)).toEqual([
      'u0',
      'u1',
      'f29',
      'f28',
      'f27',
      'f26',
      'f25',
      'f20',
      'f10',
      'f0'
    ]);
    expect(folded).toBe(22);
  });

  it('that are known to have ended, though not how, wait in the fold until that is heard', () => {
    const late = many(20, 30);
    const counts = { ...NO_JOBS, done: 990, failed: 10 };
    late.workloads.set('w1', { ...late.workloads.get('w1')!, counts });
    const arranged = arrange(late, 'w1', false);
    expect(arranged.rows.map(one => one.id[0])).toEqual([...'ffffffffff']);
    expect(foldedCount(arranged, late, 'w1')).toBe(990);
  });

  it('are in the order of many as soon as the counts say that there are many', () => {
    const told = view(atWork());
    const counts = { ...NO_JOBS, done: LISTED, on_qpu: 1, preparing: 1, queued: 1 };
    told.workloads.set('w1', { ...told.workloads.get('w1')!, counts });
    const { rows } = arrange(told, 'w1', false);
    expect(rows.map(one => one.id.slice(-2))).toEqual(['k4', 'k5', 'k6', 'k3', 'k2', 'k1']);
  });

  it('of other workloads are not listed', () => {
    const told = view({
      workloads: { w1: workload() },
      jobs: { a: job({ state: 'done' }), b: job({ state: 'done', workload: 'other' }) }
    });
    expect(arrange(told, 'w1', false).rows.map(one => one.id)).toEqual(['a']);
  });

  it('that have ended and this page has not heard of yet count as folded', () => {
    const told = many(0, LISTED + 1);
    const at = (counts: object) =>
      told.workloads.set('w1', {
        ...told.workloads.get('w1')!,
        counts: { ...NO_JOBS, ...counts }
      });
    at({ done: 500 });
    expect(foldedCount(arrange(told, 'w1', false), told, 'w1')).toBe(500 - LISTED);
    at({});
    expect(foldedCount(arrange(told, 'w1', false), told, 'w1')).toBe(1);
  });

  it('unfold', () => {
    const { rows, folded, foldable } = arrange(many(2, 30), 'w1', true);
    expect([rows.length, folded, foldable]).toEqual([32, 0, true]);
  });
});

describe('rows in sight', () => {
  it.each([
    ['at the top', 0, { first: 0, last: 14 }],
    ['in the middle', 4400, { first: 96, last: 114 }],
    ['at the end', 43_560, { first: 986, last: 1000 }],
    ['scrolled beyond the end', 99_999, { first: 986, last: 1000 }]
  ])('%s', (_, top, expected) => {
    expect(inSight(top, 440, 44, 1000)).toEqual(expected);
  });

  it('are none in a list that is not shown, all of a short one', () => {
    expect(inSight(0, 0, 44, 1000)).toEqual({ first: 0, last: 0 });
    expect(inSight(0, 440, 44, 3)).toEqual({ first: 0, last: 3 });
  });
});
