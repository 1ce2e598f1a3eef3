import { describe, expect, it } from 'vitest';

import { barParts, lifeWords, phases, roundScale } from '../core/bars';
import { job } from './made';

describe('a job', () => {
  it('has phases that last until the next one, the last until now or its end', () => {
    const told = (more: Parameters<typeof job>[0], now: number) =>
      phases(job(more), now).map(({ kind, seconds }) => [kind, seconds]);
    expect(told({ state: 'on_qpu', t: [0, 4, 6, 7] }, 10)).toEqual([
      ['queued', 4],
      ['preparing', 2],
      ['waiting', 1],
      ['on_qpu', 3]
    ]);
    expect(told({ state: 'cancelled', t: [0, null, null, null, 9] }, 99)).toEqual([['queued', 9]]);
    expect(told({ state: 'failed', t: [0, 4, null, null, 9] }, 99).map(part => part[1])).toEqual([
      4, 5
    ]);
  });

  it('has a life in words that leaves out what took no time', () => {
    expect(lifeWords(job({ state: 'done', t: [0, 34, 36, 36, 44] }), 99)).toBe(
      'queued 34 s, preparing 2 s, on the QPU 8 s'
    );
  });
});

describe('a bar', () => {
  it('never overflows, and its last part says how the job ended', () => {
    const parts = barParts(job({ state: 'failed', t: [0, 4000, 4002, 4003, 4100] }), 9999, 10);
    expect(parts.reduce((sum, part) => sum + part.share, 0)).toBeLessThanOrEqual(1 + 1e-9);
    expect(parts.at(-1)!.kind).toBe('failed');
    const queued = job({ state: 'cancelled', t: [0, null, null, null, 9] });
    expect(barParts(queued, 99, 10)[0]!.kind).toBe('cancelled');
    const late = job({ state: 'cancelled', t: [0, 1, 2, 3, 9], code: 1305 });
    expect(barParts(late, 99, 10).at(-1)!.kind).toBe('failed');
  });

  it('leaves room for the rest after hours in the queue', () => {
    const told = job({ state: 'on_qpu', t: [0, 36_000, 36_005, 36_005] });
    const [queued, preparing] = barParts(told, 36_010, 10);
    expect(queued!.share).toBeLessThan(0.3);
    expect(preparing!.share).toBe(0.35);
  });

  it('has a round scale that does not change at every job', () => {
    expect([0.2, 1, 4, 11, 30, 31, 200, 4000].map(roundScale)).toEqual([
      1, 1, 5, 15, 30, 60, 300, 6000
    ]);
  });
});
