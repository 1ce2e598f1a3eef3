/** The live card in a page as anywidget makes it: what it draws, sends, hears, and leaves behind. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IMessage } from '../core/protocol';
import widget from '../widget/index';
import type { IModel } from '../widget/index';
import { AT, atWork, clockAt, delta, job, whole, workload } from './made';

let seen: (shown: boolean) => void;
vi.stubGlobal(
  'ResizeObserver',
  class {
    constructor(private readonly _resized: () => void) {}
    observe(): void {
      queueMicrotask(this._resized);
    }
    disconnect(): void {}
  }
);
vi.stubGlobal(
  'IntersectionObserver',
  class {
    constructor(told: (entries: { isIntersecting: boolean }[]) => void) {
      seen = isIntersecting => told([{ isIntersecting }]);
    }
    observe(): void {}
    disconnect(): void {}
  }
);
Object.defineProperty(HTMLElement.prototype, 'clientHeight', { get: () => 300 });

class Model implements IModel {
  constructor(public state: Partial<IMessage>) {}
  listeners = new Map<string, Set<(content: never) => void>>();
  sent: object[] = [];
  get() {
    return this.state;
  }
  on(name: string, heard: (content: never) => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(heard));
  }
  off(name: string, heard: (content: never) => void): void {
    this.listeners.get(name)?.delete(heard);
  }
  send(content: object): void {
    this.sent.push(content);
  }
  put(state: Partial<IMessage>): void {
    this.state = state;
    this.fire('change:state');
  }
  fire(name: string, content?: unknown): void {
    this.listeners.get(name)?.forEach(heard => heard(content as never));
  }
}

let model: Model;
let it_: ReturnType<typeof widget>;
let close: (() => void)[];
let wallMs: number;

const start = async (state: Partial<IMessage>) => {
  model = new Model(state);
  it_ = widget();
  close = [it_.initialize({ model })];
  open();
  await Promise.resolve(); // The list has its size.
};
const open = () => {
  close.unshift(it_.render({ model, el: document.body }));
  return close[0]!;
};
/** Let what was touched be drawn, as the next frame does. */
const drawn = () => vi.advanceTimersByTimeAsync(20);
const all = (selector: string) =>
  [...document.querySelectorAll<HTMLElement>(selector)].filter(
    node => node.closest('[hidden]') === null
  );
const text = (selector: string) =>
  all(selector)
    .map(node => node.textContent!.replaceAll('\u00a0', ' '))
    .join('|');
const cancel = (id: string) =>
  document.querySelector<HTMLButtonElement>(`[data-job$="${id}"] .qmode-x`)!;

beforeEach(() => {
  wallMs = AT;
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'requestAnimationFrame', 'cancelAnimationFrame']
  });
  vi.spyOn(Date, 'now').mockImplementation(() => wallMs);
});

afterEach(() => {
  close.splice(0).forEach(end => end());
  vi.useRealTimers();
  document.body.replaceChildren();
});

it('shows state, timeouts, usage, price, jobs and counts', async () => {
  await start(whole(atWork()));
  expect(text('.qmode-pill')).toBe('In progress');
  expect(text('.qmode-names')).toBe('session vqeon generic_19q');
  expect(text('.qmode-value')).toBe('1:00|8:22|1:28|$70.40');
  expect(text('.qmode-row .qmode-state')).toBe('done|done|failed|on the QPU|preparing|queued, 1st');
  expect(text('button')).toBe('Close|Cancel all|×|×|×');
});

it('says what it waits for when there is nothing to show', async () => {
  await start({});
  expect(text('.qmode-Widget-empty')).toBe('Waiting for the kernel.');
  model.put(whole());
  await drawn();
  expect(text('.qmode-Widget-empty')).toBe('Nothing runs here.');
  model.put({ ...whole(), v: 2 });
  await drawn();
  expect(text('.qmode-Widget-empty')).toMatch('sends version 2 of the status, this page reads 1');
});

it('is about the workload that the kernel names', async () => {
  const two = {
    w1: workload({ name: 'old', opened: 0 }),
    w2: workload({ name: 'new', opened: 5 })
  };
  await start(whole({ workloads: two, focus: 'w1' }));
  expect(text('.qmode-title')).toBe('session old');
});

it('counts by itself between two messages, and only while it can be seen', async () => {
  await start(whole(atWork()));
  await drawn();
  wallMs += 10_000;
  await vi.advanceTimersByTimeAsync(300);
  expect(text('.qmode-value')).toBe('1:00|8:12|1:38|$78.40');
  seen(false);
  await drawn();
  wallMs += 10_000;
  await vi.advanceTimersByTimeAsync(2000);
  expect(text('.qmode-value')).toBe('1:00|8:12|1:38|$78.40');
  expect(vi.getTimerCount()).toBe(0);
  seen(true);
  await drawn();
  expect(text('.qmode-value')).toBe('1:00|8:02|1:48|$86.40');
});

it('does not tick when nothing counts', async () => {
  const still = { timeout: 60, deadline: null, note: '' };
  await start(whole({ workloads: { w1: workload({ usage_rate: 0, idle: still, max: still }) } }));
  await drawn();
  await drawn();
  expect(vi.getTimerCount()).toBe(0);
});

it('learns from what arrives that its clock is minutes ahead', async () => {
  await start(whole(atWork()));
  wallMs += 180_000;
  model.put(delta(1));
  await drawn();
  expect(text('.qmode-value')).toBe('1:00|8:22|1:28|$70.40');
});

describe('a missing message', () => {
  it('is asked for, and again when a second has passed', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(5000);
    await start(whole(atWork()));
    model.put(delta(2));
    model.put(delta(3));
    expect(model.sent).toEqual([{ runtime: 'aaaa1111', action: 'snapshot', id: 'w1' }]);
    clock.mockReturnValue(6000);
    model.put(delta(4));
    expect(model.sent).toHaveLength(2);
    clock.mockRestore();
  });

  it('leaves what came after it to be seen', async () => {
    await start(whole(atWork()));
    model.put(delta(2, { workloads: { w1: workload({ word: 'Inactive', state: 'inactive' }) } }));
    await drawn();
    expect(text('.qmode-pill')).toBe('Inactive');
  });
});

describe('a click', () => {
  const action = { runtime: 'aaaa1111', action: 'cancel_job', id: 'd41fa0000000000000k4' };

  it('is a message when nobody takes its event', async () => {
    await start(whole(atWork()));
    cancel('k4').click();
    expect(model.sent).toEqual([action]);
  });

  it('is no message when somebody does', async () => {
    await start(whole(atWork()));
    const taken = vi.fn((event: Event) => event.preventDefault());
    document.body.addEventListener('qmode:action', taken, { once: true });
    cancel('k4').click();
    expect((taken.mock.calls[0]![0] as CustomEvent).detail).toEqual(action);
    expect(model.sent).toEqual([]);
  });

  it('says on its row why nothing came of it, whichever way that comes', async () => {
    await start(whole(atWork()));
    cancel('k4').click();
    model.fire('msg:custom', { qmode: 'answer', ...action, ok: false, error: 'Another runtime.' });
    await drawn();
    expect(text('[role=alert]')).toBe('Another runtime.');
    expect(cancel('k4').disabled).toBe(false);
    cancel('k6').click();
    const detail = { ...action, id: 'd41fa0000000000000k6', ok: false, error: 'No answer.' };
    document
      .querySelector('.qmode-Widget')!
      .dispatchEvent(new CustomEvent('qmode:answer', { detail }));
    await drawn();
    expect(text('[data-job$=k6] [role=alert]')).toBe('No answer.');
  });

  it('is said to be under way when no answer comes, until what it asked for is there', async () => {
    await start(whole(atWork()));
    cancel('k4').click();
    await vi.advanceTimersByTimeAsync(4100);
    expect(text('[role=alert]')).toMatch('it will come when the kernel is free');
    expect(cancel('k4').disabled).toBe(true);
    model.put(
      delta(1, { jobs: { [action.id]: job({ state: 'cancelled', t: [80, 81, 83, 90, 99] }) } })
    );
    await drawn();
    expect(text('[role=alert]')).toBe('');
    expect(text('[data-job$=k4] .qmode-state')).toBe('cancelled');
  });
});

it('stands still, without buttons, when the kernel is gone', async () => {
  await start(whole(atWork()));
  model.fire('comm_live_update');
  await drawn();
  expect(text('.qmode-when')).toMatch('the kernel is gone, last seen at');
  expect(text('button')).toBe('');
  wallMs += 60_000;
  await vi.advanceTimersByTimeAsync(1000);
  expect(text('.qmode-value')).toBe('1:00|8:22|1:28|$70.40');
});

it('tells a screen reader of changed states and failures, not of every tick', async () => {
  const voice = () => document.querySelector('[aria-live]')!.textContent;
  await start(whole(atWork()));
  wallMs += 1000;
  await vi.advanceTimersByTimeAsync(300);
  expect(voice()).toBe('');
  const { counts } = atWork().workloads!.w1!;
  const closed = workload({
    state: 'closed',
    word: 'Closed',
    closed: 101,
    reason: 'session_expired_by_max_ttl',
    counts: { ...counts, failed: 3 }
  });
  model.put(delta(1, { workloads: { w1: closed } }));
  await drawn();
  expect(voice()).toBe('session vqe: Closed, maximum timeout. 2 jobs failed.');
});

it('has views that agree and leave nothing behind', async () => {
  await start(whole(atWork()));
  const second = open();
  model.put(delta(1, { clock: clockAt(130), workloads: { w1: workload({ usage: 118 }) } }));
  await drawn();
  expect(text('.qmode-figure[data-kind=usage] .qmode-value')).toBe('1:58|1:58');
  second();
  close.shift();
  expect(document.querySelectorAll('.qmode').length).toBe(1);
  close.splice(0).forEach(end => end());
  expect(document.querySelectorAll('.qmode').length).toBe(0);
  expect([...model.listeners.values()].every(heard => heard.size === 0)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('makes nothing of what others wrote but text', async () => {
  const nasty = '<img src=x onerror="window.hit=1">';
  await start(
    whole({
      workloads: { w1: workload({ name: nasty, backend: nasty, word: nasty, reason: nasty }) },
      jobs: { [nasty]: job({ state: 'failed', program: nasty, code: 7, reason: nasty }) }
    })
  );
  expect(text('.qmode-title')).toContain(nasty);
  expect(document.querySelectorAll('img').length).toBe(0);
});
