import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { isAction, question } from '../core/actions';
import type { IAction } from '../core/actions';
import { Clicks } from '../core/clicks';
import { listen } from '../lab/actions';
import type { IRoute } from '../lab/actions';
import { NO_JOBS } from '../core/model';
import { atWork, job, view, workload } from './made';

const CANCEL: IAction = { runtime: 'aaaa1111', action: 'cancel_job', id: 'j1' };

describe('the action events of a page', () => {
  const here = { view: view(), act: vi.fn(async () => ({ ok: true })) };
  const empty: IRoute = { view: null, act: vi.fn() };
  let off: () => void;
  let button: HTMLButtonElement;

  const raise = (detail: unknown) =>
    !button.dispatchEvent(
      new CustomEvent('qmode:action', { bubbles: true, composed: true, cancelable: true, detail })
    );

  beforeEach(() => {
    here.act.mockClear();
    const host = document.body.appendChild(document.createElement('div'));
    button = host.attachShadow({ mode: 'open' }).appendChild(document.createElement('button'));
    off = listen(document.body, () => [empty, here]);
  });

  afterEach(() => {
    off();
    document.body.replaceChildren();
  });

  it('are taken and sent to the kernel whose runtime they name', async () => {
    const answers: unknown[] = [];
    button.addEventListener('qmode:answer', event => answers.push((event as CustomEvent).detail));
    expect(raise({ ...CANCEL, more: 'than is sent' })).toBe(true);
    expect(here.act).toHaveBeenCalledExactlyOnceWith(CANCEL);
    await vi.waitFor(() => expect(answers).toEqual([{ ...CANCEL, ok: true }]));
  });

  it('bring back why nothing came of them', async () => {
    here.act.mockResolvedValueOnce({ ok: false, error: 'Job not found: j1' } as never);
    const heard = vi.fn();
    button.addEventListener('qmode:answer', heard);
    raise(CANCEL);
    await vi.waitFor(() => expect(heard).toHaveBeenCalled());
    expect(heard.mock.calls[0]![0].detail).toMatchObject({ ok: false, error: 'Job not found: j1' });
  });

  it.each([
    ['of a runtime that no notebook here has', { ...CANCEL, runtime: 'bbbb2222' }],
    ['without a runtime', { action: 'close', id: 'w1' }],
    ['of an unknown kind', { ...CANCEL, action: 'explode' }],
    ['with nothing in them', null]
  ])('%s are left to whoever raised them', (_, detail) => {
    expect(raise(detail)).toBe(false);
    expect(here.act).not.toHaveBeenCalled();
  });

  it('are left alone when somebody else took them', () => {
    button.addEventListener('qmode:action', event => event.preventDefault());
    raise(CANCEL);
    expect(here.act).not.toHaveBeenCalled();
  });

  it('are no longer taken after the listener is off', () => {
    off();
    expect(raise(CANCEL)).toBe(false);
  });
});

it('knows an action from anything else', () => {
  expect([CANCEL, { ...CANCEL, action: 'snapshot' }, {}, 'x', undefined].map(isAction)).toEqual([
    true,
    false,
    false,
    false,
    false
  ]);
});

describe('the question before an action', () => {
  const at = (jobs: number) => ({
    ...workload({ counts: { ...NO_JOBS, queued: jobs, done: 5 } }),
    id: 'w1',
    asOf: 0
  });

  it('says what would be lost', () => {
    expect(question('cancel_all', at(1))).toBe(
      '1 job has not finished. Their results will be lost.'
    );
    expect(question('cancel_all', at(1200))).toMatch('1,200 jobs have not finished');
    expect(question('close', at(3))).toMatch('will run to the end');
  });

  it('is not put when nothing would be', () => {
    expect([
      question('cancel_all', at(0)),
      question('close', at(0)),
      question('cancel_job', at(3))
    ]).toEqual(['', '', '']);
  });
});

describe('clicks', () => {
  it('are under way until the state that they asked for has come', () => {
    const clicks = new Clicks();
    const seen = view({ workloads: { w1: workload() }, jobs: { j1: job() } });
    clicks.settle(seen);
    clicks.begin('cancel_job', 'j1');
    clicks.begin('close', 'w1');
    clicks.settle(seen);
    expect([clicks.busy('j1'), clicks.busy('w1')]).toEqual(['cancel_job', 'close']);
    clicks.settle(
      view({
        workloads: { w1: workload({ accepting: false }) },
        jobs: { j1: job({ state: 'cancelled' }) }
      })
    );
    expect([clicks.busy('j1'), clicks.busy('w1')]).toEqual([null, null]);
  });

  it('that came to nothing say why, until the next one', () => {
    const clicks = new Clicks();
    const seen = view(atWork());
    clicks.settle(seen);
    clicks.begin('cancel_all', 'w1');
    clicks.fail('w1', 'no');
    clicks.settle(seen);
    expect([clicks.busy('w1'), clicks.trouble('w1')]).toEqual([null, 'no']);
    clicks.begin('cancel_all', 'w1');
    expect(clicks.trouble('w1')).toBe('');
  });

  it('do not outlive their runtime', () => {
    const clicks = new Clicks();
    clicks.settle(view({ workloads: { w1: workload() } }));
    clicks.begin('close', 'w1');
    clicks.settle(view({ runtime: 'bbbb2222', workloads: { w1: workload() } }));
    expect(clicks.busy('w1')).toBeNull();
  });
});
