/** The panel and the live widget speak one language: compared function by function, value by value. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import * as widget from '../../../qmode_jupyter/notebook/static/status.js';
import { question } from '../core/actions';
import { barParts, lifeWords, phases, roundScale } from '../core/bars';
import { LEAST, MANY, arrange } from '../core/choose';
import { NO_JOBS, outcome } from '../core/model';
import type { IJob, JobState } from '../core/protocol';
import { urgency } from '../core/clock';
import * as words from '../core/words';
import { atWork, job, view, whole, workload } from './made';

const SECONDS = [
  0, 0.04, 0.05, 0.44, 9.94, 9.95, 12.5, 59.5, 60, 61, 199.6, 3599.6, 7199, 9e4, 2e5, 1e6
];

const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');

describe('the widget', () => {
  it('has the same numbers', () => {
    for (const s of SECONDS) {
      expect([
        words.duration(s),
        words.clock(s),
        words.countdown(s),
        words.money(s),
        words.runningMoney(s)
      ]).toEqual([
        widget.duration(s),
        widget.clock(s),
        widget.countdown(s),
        widget.money(s),
        widget.runningMoney(s)
      ]);
      expect(roundScale(s)).toBe(widget.roundScale(s));
      for (const total of [1, 9, 10, 60, 600]) {
        expect(urgency(s, total)).toBe(widget.level(s, total));
      }
    }
    for (let n = 0; n < 130; n++) {
      expect(words.ordinal(n)).toBe(widget.ordinal(n));
    }
  });

  it('has the same words', () => {
    expect(words.JOB_WORDS).toEqual(widget.JOB_WORDS);
    for (const code of [...Object.keys(words.CODE_WORDS).map(Number), 7777, undefined]) {
      expect(words.failure(code, 'Why not.\nMore')).toBe(widget.failure(code, 'Why not.\nMore'));
    }
    for (const reason of [...Object.keys(words.STATE_REASON_WORDS), 'another_one', '']) {
      expect(words.stateReason(reason)).toBe(widget.stateReason(reason));
    }
    for (const queued of [0, 1, 2000]) {
      const counts = { ...NO_JOBS, queued, on_qpu: queued && 1 };
      const it = { ...workload({ counts }), id: 'w1', asOf: 0 };
      expect(question('close', it)).toBe(widget.question('close', it));
      expect(question('cancel_all', it)).toBe(widget.question('cancel_all', it));
    }
  });

  it('shows the same jobs in the same order', () => {
    const states: JobState[] = [
      'done',
      'failed',
      'cancelled',
      'on_qpu',
      'waiting',
      'preparing',
      'queued'
    ];
    for (const size of [0, 3, MANY, MANY + 1, 40, 300]) {
      const jobs: Record<string, IJob> = {};
      // Somewhat ahead of the jobs, as with many: none waits any more.
      const counts = { ...NO_JOBS };
      for (let k = 0; k < size; k++) {
        const state = states[(k * k + k) % (k % 3 ? 3 : 7)]!;
        counts[state === 'waiting' ? 'done' : state]++;
        jobs[`j${k}`] = job({ state, t: [k >> 1], ...(state === 'cancelled' && { code: 1305 }) });
      }
      const message = whole({ workloads: { w1: workload({ counts }) }, jobs });
      const store = widget.emptyStore();
      widget.merge(store, message);
      for (const unfolded of [false, true]) {
        const ours = arrange(view(message), 'w1', unfolded);
        const theirs = widget.arrange(store, 'w1', unfolded);
        expect({ ...ours, rows: ours.rows.map(one => one.id) }).toEqual(theirs);
      }
    }
    expect([MANY, LEAST]).toEqual([widget.MANY, widget.LEAST]);
  });

  it('draws the same bars', () => {
    for (const one of view(atWork()).jobs.values()) {
      for (const now of [86, 100, 5000]) {
        expect(phases(one, now)).toEqual(widget.phases(one, now));
        expect(barParts(one, now, 10)).toEqual(widget.barParts(one, now, 10));
        expect(lifeWords(one, now)).toBe(widget.lifeWords(one, now));
      }
      expect(outcome(one)).toBe(widget.outcome(one.state, one.code));
    }
  });

  it('has the same colours', () => {
    const colours = (css: string) =>
      Object.fromEntries(
        [...css.matchAll(/(--qmode-[\w-]+):\s*(light-dark\(#\w{6}, #\w{6}\));/g)].map(
          ([, k, v]) => [k, v]
        )
      );
    const theirs = colours(read('qmode_jupyter/notebook/static/status.css'));
    expect(Object.keys(theirs).length).toBeGreaterThan(20);
    expect(colours(read('labextension/style/palette.css'))).toEqual(theirs);
  });
});

it('uses no colour that it does not declare', () => {
  const css = ['palette', 'panel', 'status']
    .map(name => read(`labextension/style/${name}.css`))
    .join('\n');
  const declared = new Set([...css.matchAll(/(--qmode-[\w-]+):/g)].map(([, name]) => name));
  const used = [...css.matchAll(/var\((--qmode-[\w-]+)/g)].map(([, name]) => name);
  expect(used.filter(name => !declared.has(name))).toEqual([]);
});
