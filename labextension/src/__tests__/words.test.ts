import { describe, expect, it } from 'vitest';

import { NO_JOBS, outcome } from '../core/model';
import type { JobState } from '../core/protocol';
import {
  clock,
  count,
  countdown,
  counted,
  duration,
  failure,
  jobWord,
  money,
  ordinal,
  runningMoney,
  shortId,
  stateReason,
  workloadName
} from '../core/words';
import { shared } from './made';

describe('words', () => {
  it.each([
    [0, '0 s'],
    [0.04, '40 ms'],
    [0.44, '0.4 s'],
    [9.96, '10 s'],
    [34.4, '34 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [3600, '1 h'],
    [273_600, '3 d 4 h'],
    [-3, '0 s']
  ])('%d seconds last %s', (seconds, words) => expect(duration(seconds)).toBe(words));

  it('shows clocks and countdowns', () => {
    expect([clock(47.9), clock(432), clock(28_800)]).toEqual(['0:47', '7:12', '8:00:00']);
    expect([countdown(0), countdown(0.1), countdown(46.2)]).toEqual(['0:00', '0:01', '0:47']);
  });

  it('shows money', () => {
    expect([0, 0.004, 0.8, 268.8, 320, 12_345.6].map(money)).toEqual([
      '$0',
      'under $0.01',
      '$0.80',
      '$268.80',
      '$320',
      '$12,346'
    ]);
  });

  it('counts', () => {
    expect([count(1, 'job'), count(1000, 'job'), count(2, 'batch')]).toEqual([
      '1 job',
      '1,000 jobs',
      '2 batches'
    ]);
    expect([1, 2, 3, 4, 11, 12, 13, 21, 112, 1001].map(ordinal)).toEqual(
      '1st 2nd 3rd 4th 11th 12th 13th 21st 112th 1,001st'.split(' ')
    );
    expect(counted({ ...NO_JOBS, queued: 1, done: 1200 }).map(one => one.text)).toEqual([
      '1,200 done',
      '1 queued'
    ]);
  });

  it('names jobs and workloads', () => {
    expect(jobWord('queued', 2)).toBe('queued, 2nd');
    expect(jobWord('waiting', 2)).toBe('waiting for the QPU');
    expect(shortId('d41fabcdefghijklmnk2')).toBe('d41f..k2');
    expect(workloadName({ mode: 'batch', name: '', id: 'd41fabcdefghijklmnk2' })).toBe(
      'batch d41f..k2'
    );
    expect(workloadName({ mode: 'single jobs', name: '', id: '' })).toBe('single jobs');
  });

  it('says why', () => {
    expect(failure(1517, 'whatever')).toBe('1517 not an ISA circuit');
    expect(failure(7777, 'Out of coffee.\nAnd more')).toBe('7777 Out of coffee');
    expect(failure(undefined, 'Out of memory...')).toBe('Out of memory');
    expect(failure(undefined, undefined)).toBe('');
    expect(stateReason('session_closed_early')).toBe('by close()');
    expect(stateReason('some_new_reason')).toBe('some new reason');
  });
});

/** What the kernel says; its tests hold it to the same list. */
const said = shared<[string, never[], string][]>('said.json');

it('are those of the kernel', () => {
  const functions: Record<string, (...given: never[]) => string> = {
    duration,
    clock,
    countdown,
    money,
    ordinal,
    short_id: shortId,
    state_reason: stateReason,
    job_word: jobWord,
    failure: (code: number | null, reason: string) => failure(code ?? undefined, reason),
    outcome: (state: JobState, code: number | null) =>
      outcome(code === null ? { state } : { state, code }),
    counts: (counts: object) =>
      counted({ ...NO_JOBS, ...counts })
        .map(one => one.text)
        .join(', ') || 'no jobs',
    workload_name: (mode: string, name: string, id: string) => workloadName({ mode, name, id })
  };
  expect(said.length).toBeGreaterThan(200);
  expect(said.map(([name, given]) => [name, given, functions[name]!(...given)])).toEqual(said);
});

it('an amount that grows keeps its cents', () => {
  expect([0, 320, 999.994, 1000].map(runningMoney)).toEqual([
    '$0.00',
    '$320.00',
    '$999.99',
    '$1,000'
  ]);
});
