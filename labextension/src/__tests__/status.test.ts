import { describe, expect, it } from 'vitest';

import { statusOf } from '../lab/status';
import { StatusItemView } from '../lab/statusItem';
import { AT, clockAt, trans, view, workload } from './made';

describe('the status', () => {
  it('is nothing without a runtime, and ready without a workload', () => {
    expect(statusOf(null, AT, trans)).toBeNull();
    expect(statusOf(view(), AT, trans)).toMatchObject({
      state: 'ready',
      word: 'QPU ready',
      timeout: '',
      usage: ''
    });
  });

  it('says the state, what runs out first, and the usage; all of it in the title', () => {
    const idle = { timeout: 60, deadline: 112, note: '' };
    const said = statusOf(view({ workloads: { w1: workload({ idle }) } }), AT + 7000, trans)!;
    expect(said).toMatchObject({
      state: 'active',
      word: 'In progress',
      timeout: 'interactive timeout 0:05',
      urgency: 'urgent',
      usage: 'usage 1:35'
    });
    expect(said.title.split('\n')).toEqual([
      'session vqe on generic_19q: In progress',
      'interactive timeout in 0:05 of 1:00',
      'maximum timeout in 8:15 of 10:00',
      'usage 1 min 35 s (QPU 40 s)',
      'about $76 on Premium, an estimate',
      'times are emulated'
    ]);
  });

  it('says its place while it waits, and what a timeout waits for', () => {
    const waits = workload({
      state: 'open',
      word: 'Pending',
      place: 3,
      started: null,
      max: { timeout: 600, deadline: null, note: 'counts from the first job' },
      usage: 0,
      usage_rate: 0
    });
    const said = statusOf(view({ workloads: { w1: waits } }), AT, trans)!;
    expect([said.word, said.timeout]).toEqual(['Pending, 3rd in the queue', '']);
    expect(said.title).toMatch('maximum timeout 10 min: counts from the first job');
  });

  it('keeps the usage of what is closed, and counts nothing down', () => {
    const closed = workload({ state: 'closed', word: 'Closed', closed: 99, usd: null });
    const free = { name: 'open', title: 'Open', usd_per_s: null };
    const clock = clockAt(100, { held: true });
    const said = statusOf(
      view({ clock, plan: free, workloads: { w1: closed } }),
      AT + 60_000,
      trans
    )!;
    expect([said.word, said.timeout, said.usage]).toEqual(['Closed', '', 'usage 1:28']);
    expect(said.title).toMatch('free on Open');
    expect(said.title).toMatch('waits for a simulation');
  });

  it('says how many others are open', () => {
    const others = {
      w1: workload(),
      w2: workload({ opened: -1 }),
      w3: workload({ state: 'closed' })
    };
    expect(statusOf(view({ workloads: others }), AT, trans)!.title).toMatch(
      '1 other workload is open'
    );
  });
});

it('is one button with a name for screen readers', () => {
  let clicks = 0;
  const item = new StatusItemView(trans);
  item.clicked.connect(() => void clicks++);
  item.render(statusOf(view({ workloads: { w1: workload() } }), AT, trans));
  expect(item.node.textContent).toBe('In progressmaximum timeout 8:22usage 1:28');
  expect(item.node.getAttribute('aria-label')).toBe(
    'QPU workload: In progress, maximum timeout 8:22, usage 1:28. Show the panel.'
  );
  item.node.click();
  expect(clicks).toBe(1);
});
