import { describe, expect, it } from 'vitest';

import {
  Skew,
  countdownOf,
  emulatedNow,
  runsOutFirst,
  shownFirst,
  ticking,
  urgency,
  usageNow
} from '../core/clock';
import { NO_JOBS } from '../core/model';
import { AT, atWork, clockAt, job, view, workload } from './made';

const seen = (more = {}) => view({ workloads: { w1: workload(more) } }).workloads.get('w1')!;

describe('the emulated clock', () => {
  it('runs at its rate from the moment that it was read', () => {
    expect(emulatedNow(clockAt(100), AT + 2500)).toBe(102.5);
    expect(emulatedNow(clockAt(100, { rate: 60 }), AT + 2000)).toBe(220);
  });

  it('stands still while it is held, and never runs back', () => {
    expect(emulatedNow(clockAt(100, { rate: 0 }), AT + 60_000)).toBe(100);
    expect(emulatedNow(clockAt(100), AT - 5000)).toBe(100);
  });
});

describe('the difference between two machines', () => {
  it('is nothing when they are one, whatever a message took', () => {
    const skew = new Skew();
    skew.learn(AT, AT + 130);
    expect(skew.ms).toBe(0);
  });

  it('is learnt from the message that was the fastest', () => {
    const skew = new Skew();
    expect(skew.ms).toBe(0);
    [90_300, 90_012, 90_700].forEach(late => skew.learn(AT, AT + late));
    expect(skew.ms).toBe(90_012);
    skew.forget();
    skew.learn(AT, AT - 30_000);
    expect(skew.ms).toBe(-30_000);
  });
});

describe('urgency', () => {
  it.each([
    [60, 60, 'calm'],
    [15, 60, 'calm'],
    [14.9, 60, 'soon'],
    [6, 60, 'soon'],
    [5.9, 60, 'urgent'],
    [0, 60, 'urgent'],
    [0.05, 1, 'calm']
  ] as const)('%d s of %d s left: %s', (left, of, expected) => {
    expect(urgency(left, of)).toBe(expected);
  });
});

describe('a timeout', () => {
  it('that counts says what is left', () => {
    expect(countdownOf('interactive', { timeout: 60, deadline: 112, note: '' }, 100)).toEqual({
      kind: 'interactive',
      timeout: 60,
      remaining: 12,
      part: 0.2,
      urgency: 'soon',
      note: ''
    });
  });

  it('that does not count says what it waits for', () => {
    const at = countdownOf(
      'interactive',
      { timeout: 60, deadline: null, note: 'no job left' },
      100
    );
    expect(at).toMatchObject({ remaining: null, part: 1, urgency: 'calm', note: 'no job left' });
  });

  it('never has less than nothing left', () => {
    const at = countdownOf('maximum', { timeout: 60, deadline: 90, note: '' }, 100);
    expect([at.remaining, at.part]).toEqual([0, 0]);
  });
});

describe('what runs out first', () => {
  it('is the one of those that count', () => {
    expect(runsOutFirst(seen(), 100)!.kind).toBe('maximum');
    const both = seen({ idle: { timeout: 60, deadline: 130, note: '' } });
    expect(runsOutFirst(both, 100)).toMatchObject({ kind: 'interactive', remaining: 30 });
    const late = seen({
      idle: { timeout: 60, deadline: 160, note: '' },
      max: { timeout: 600, deadline: 105, note: '' }
    });
    expect(runsOutFirst(late, 100)).toMatchObject({ kind: 'maximum', remaining: 5 });
  });

  it('is shown first, a timeout that waits counting with its whole length', () => {
    const max = (deadline: number) => ({ timeout: 600, deadline, note: '' });
    expect(shownFirst(seen({ max: max(159) }), 100)).toBe('maximum');
    expect(shownFirst(seen({ max: max(161) }), 100)).toBe('interactive');
    expect(shownFirst(seen({ idle: null, max: max(105) }), 100)).toBe('maximum');
  });

  it('is nothing for a closed workload or a job', () => {
    expect(runsOutFirst(seen({ state: 'closed' }), 100)).toBeNull();
    expect(runsOutFirst(seen({ idle: null, max: null }), 100)).toBeNull();
  });
});

describe('usage', () => {
  it('of an active session grows with the emulated clock, and its price with it', () => {
    const all = view({ workloads: { w1: workload() } });
    expect(usageNow(all.workloads.get('w1')!, all, 110)).toEqual({ usage: 98, qpu: 40, usd: 78.4 });
  });

  it('counts a job on the QPU that it has not heard of from the figures on', () => {
    const all = view({ workloads: { w1: workload({ counts: { ...NO_JOBS, on_qpu: 1 } }) } });
    expect(usageNow(all.workloads.get('w1')!, all, 110)).toEqual({ usage: 98, qpu: 50, usd: 78.4 });
  });

  it('counts a job on the QPU from when it got there', () => {
    const all = view(atWork());
    expect(usageNow(all.workloads.get('w1')!, all, 100).qpu).toBe(50);
  });

  it('of a batch, or of what is closed, stands', () => {
    const all = view({
      workloads: { w1: workload({ usage_rate: 0 }), w2: workload({ state: 'closed', closed: 99 }) }
    });
    expect(usageNow(all.workloads.get('w1')!, all, 200).usage).toBe(88);
    expect(usageNow(all.workloads.get('w2')!, all, 200).usage).toBe(88);
  });

  it('on a free plan costs nothing', () => {
    const all = view({
      plan: { name: 'open', title: 'Open', usd_per_s: null },
      workloads: { w1: workload({ usd: null }) }
    });
    expect(usageNow(all.workloads.get('w1')!, all, 200).usd).toBeNull();
  });
});

describe('ticking', () => {
  const quiet = {
    usage_rate: 0,
    idle: { timeout: 60, deadline: null, note: '' },
    max: { timeout: 600, deadline: null, note: '' }
  };

  it('goes on while anything counts', () => {
    expect(ticking(view({ workloads: { w1: workload() } }))).toBe(true);
    const counts = { ...NO_JOBS, queued: 1 };
    expect(ticking(view({ workloads: { w1: workload({ ...quiet, counts }) } }))).toBe(true);
    expect(ticking(view({ jobs: { j1: job({ workload: null }) } }))).toBe(true);
  });

  it('rests when nothing does', () => {
    expect(ticking(view())).toBe(false);
    expect(ticking(view({ workloads: { w1: workload(quiet) } }))).toBe(false);
    expect(ticking(view({ workloads: { w1: workload({ state: 'closed' }) } }))).toBe(false);
    const held = { clock: clockAt(100, { rate: 0 }), workloads: { w1: workload() } };
    expect(ticking(view(held))).toBe(false);
  });
});
