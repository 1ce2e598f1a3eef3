import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { IAction, IAnswer } from '../core/actions';
import { NO_JOBS } from '../core/model';
import type { IMessage } from '../core/protocol';
import { PanelView } from '../lab/panel';
import { AT, atWork, clockAt, job, trans, view, workload } from './made';

// jsdom lays nothing out: ten rows are in sight, as soon as somebody asks.
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
Object.defineProperty(HTMLElement.prototype, 'clientHeight', { get: () => 440 });

const host = {
  act: vi.fn<(action: IAction) => Promise<IAnswer>>(),
  confirms: true,
  timeline: vi.fn(),
  load: vi.fn(),
  insert: vi.fn()
};
let panel: PanelView;
let shown: Partial<IMessage>;

function draw(more: Partial<IMessage> = shown, wallMs = AT): void {
  shown = more;
  panel.render({ notebook: 'vqe.ipynb', view: view(more), notice: '', wallMs });
}

beforeEach(async () => {
  host.act.mockReset().mockResolvedValue({ ok: true });
  host.timeline.mockReset();
  host.confirms = true;
  panel = new PanelView({
    act: action => host.act(action),
    confirms: () => host.confirms,
    trans
  });
  panel.changed.connect(() => draw());
  panel.loadWanted.connect(() => host.load());
  panel.cellWanted.connect((_, mode) => host.insert(mode));
  panel.timelineWanted.connect((_, workload) => host.timeline(workload));
  document.body.replaceChildren(panel.node);
  await Promise.resolve();
});

const all = (selector: string) =>
  [...panel.node.querySelectorAll<HTMLElement>(selector)].filter(
    node => node.closest('[hidden]') === null
  );
const texts = (selector: string) =>
  all(selector).map(node => node.textContent!.replaceAll('\u00a0', ' '));
const text = (selector: string) => texts(selector).join('|');
const button = (word: string) =>
  all('button').find(node => node.textContent === word) as HTMLButtonElement | undefined;
const row = (id: string) => panel.node.querySelector<HTMLElement>(`[data-job$="${id}"]`)!;

describe('with nothing to show', () => {
  it('says what to do without a notebook', () => {
    panel.render({ notebook: null, view: null, notice: '', wallMs: AT });
    expect(text('.qmode-Panel-emptyTitle')).toBe('No notebook');
    expect(all('button')).toEqual([]);
  });

  it('says how to load the extension, and does it', () => {
    panel.render({ notebook: 'vqe.ipynb', view: null, notice: '', wallMs: AT });
    expect(text('.qmode-Panel-empty code')).toBe('%load_ext qmode_jupyter');
    expect(text('.qmode-Panel-empty p')).toMatch('vqe.ipynb');
    button('Load it now')!.click();
    expect(host.load).toHaveBeenCalledOnce();
  });

  it('says how to begin, and inserts a cell', () => {
    draw({});
    expect(text('.qmode-Panel-emptyTitle')).toBe('Nothing has run yet');
    expect(texts('button')).toEqual(['Insert a session cell', 'Insert a batch cell']);
    button('Insert a batch cell')!.click();
    expect(host.insert).toHaveBeenCalledExactlyOnceWith('batch');
  });
});

describe('a workload', () => {
  it('shows state, timeouts, usage, price, jobs and counts', () => {
    draw(atWork());
    expect(text('.qmode-pill')).toBe('In progress');
    expect(text('.qmode-title')).toBe('session vqe');
    expect(text('.qmode-where')).toBe('on generic_19q');
    expect(texts('.qmode-value')).toEqual(['1:00', '8:22', '1:28', '$70.40']);
    expect(texts('.qmode-note')).toEqual([
      'counts when no job is left',
      'of 10:00, never pauses',
      'QPU 50 s, idle 38 s',
      'Premium, estimate'
    ]);
    expect(texts('.qmode-row .qmode-state')).toEqual([
      'done',
      'done',
      'failed',
      'on the QPU',
      'preparing',
      'queued, 1st'
    ]);
    expect(text('.qmode-why')).toMatch('1517 not an ISA circuit');
    expect(texts('.qmode-tally > span')).toEqual([
      '2 done',
      '1 failed',
      '1 on the QPU',
      '1 preparing',
      '1 queued'
    ]);
    expect(text('.qmode-when')).toMatch(/^emulated \d\d:\d\d:\d\d, ×max$/);
    expect(all('.qmode-Panel-list')).toEqual([]);
  });

  it('counts by itself between two messages', () => {
    draw(atWork());
    draw(atWork(), AT + 10_000);
    expect(texts('.qmode-value')).toEqual(['1:00', '8:12', '1:38', '$78.40']);
  });

  it('shows first what runs out first', () => {
    draw({ workloads: { w1: workload({ max: { timeout: 600, deadline: 130, note: '' } }) } });
    expect(all('.qmode-figures')[0]!.dataset.first).toBe('maximum');
    const idle = { timeout: 60, deadline: 104, note: '' };
    draw({ workloads: { w1: workload({ idle }) } });
    expect(all('.qmode-figures')[0]!.dataset.first).toBe('interactive');
    expect(all('[data-kind=interactive]')[0]!.dataset.urgency).toBe('urgent');
    expect(texts('.qmode-note')[0]).toBe('of 1:00, under a tenth left');
  });

  it('has no timeouts and no buttons but the timeline when it is closed', () => {
    draw({
      workloads: {
        w1: workload({
          state: 'closed',
          word: 'Closed',
          closed: 99,
          reason: 'session_closed_early'
        })
      }
    });
    expect(texts('.qmode-label')).toEqual(['Usage', 'Would cost']);
    expect(texts('button')).toEqual(['Timeline']);
    expect(text('.qmode-aside')).toBe('by close()');
    button('Timeline')!.click();
    expect(host.timeline).toHaveBeenCalledExactlyOnceWith('w1');
  });

  it('says when its clock waits for a simulation', () => {
    draw({ ...atWork(), clock: clockAt(100, { rate: 0, held: true }) });
    expect(text('.qmode-when')).toMatch('held for a simulation');
  });
});

describe('cancelling a job', () => {
  const cancel = (id: string) => row(id).querySelector('button')!;

  it('goes to the kernel and shows until it is done', async () => {
    draw(atWork());
    expect(cancel('k1').hidden).toBe(true);
    cancel('k4').click();
    expect(host.act).toHaveBeenCalledExactlyOnceWith({
      runtime: 'aaaa1111',
      action: 'cancel_job',
      id: 'd41fa0000000000000k4'
    });
    expect(row('k4').textContent).toMatch('cancelling');
    expect(cancel('k4').disabled).toBe(true);
    cancel('k4').click();
    expect(host.act).toHaveBeenCalledOnce();
  });

  it('shows on the row why nothing came of it', async () => {
    draw(atWork());
    host.act.mockResolvedValueOnce({ ok: false, error: 'The kernel did not answer within 5 s.' });
    cancel('k6').click();
    await vi.waitFor(() =>
      expect(row('k6').querySelector('[role=alert]')?.textContent).toMatch('did not answer')
    );
    expect(cancel('k6').disabled).toBe(false);
  });
});

describe('cancelling all, closing', () => {
  const asked = () => text('.qmode-asked');

  it('asks first, with the focus on the answer that loses nothing', () => {
    draw(atWork());
    button('Cancel all')!.click();
    expect(asked()).toBe('3 jobs have not finished. Their results will be lost.');
    expect(document.activeElement?.textContent).toBe('Keep them');
    expect(host.act).not.toHaveBeenCalled();
    all('.qmode-yes')[0]!.click();
    expect(host.act.mock.calls).toEqual([
      [{ runtime: 'aaaa1111', action: 'cancel_all', id: 'w1' }]
    ]);
    expect([asked(), button('Cancelling…')!.disabled]).toEqual(['', true]);
  });

  it('takes no for an answer, also by Escape, and gives the focus back', () => {
    draw(atWork());
    button('Close')!.focus();
    button('Close')!.click();
    expect(button('Close the session')).toBeDefined();
    document.activeElement!.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })
    );
    expect([asked(), document.activeElement]).toEqual(['', button('Close')]);
    expect(host.act).not.toHaveBeenCalled();
  });

  it('withdraws a question whose jobs have ended meanwhile', () => {
    draw(atWork());
    button('Cancel all')!.click();
    draw({ workloads: { w1: workload({ counts: { ...NO_JOBS, done: 6 } }) } });
    expect(asked()).toBe('');
  });

  it('does not ask when nothing would be lost, or when the person does not want it', () => {
    draw({ workloads: { w1: workload() } });
    button('Close')!.click();
    expect(host.act).toHaveBeenCalledOnce();
    host.confirms = false;
    draw({ ...atWork(), runtime: 'bbbb2222' });
    button('Cancel all')!.click();
    expect(host.act).toHaveBeenCalledTimes(2);
  });

  it('shows under the buttons why nothing came of it', async () => {
    draw({ workloads: { w1: workload() } });
    host.act.mockResolvedValueOnce({ ok: false, error: 'This session is gone.' });
    button('Close')!.click();
    await vi.waitFor(() => expect(text('.qmode-trouble')).toBe('This session is gone.'));
    expect(button('Close')!.disabled).toBe(false);
  });

  it('closes all that are open after one question', () => {
    const three = {
      w1: workload(),
      w2: workload({ accepting: false }),
      w3: workload({ opened: -1 })
    };
    three.w1.counts = { ...NO_JOBS, queued: 2 };
    draw({ workloads: three });
    panel.closeAll(view({ workloads: three }));
    expect(asked()).toMatch('2 jobs have not finished and will run to the end.');
    button('Close 2 workloads')!.click();
    expect(host.act.mock.calls.map(([action]) => action.id)).toEqual(['w1', 'w3']);
  });

  it('of single jobs cancels each', () => {
    draw({ jobs: { j1: job({ workload: null }), j2: job({ workload: null, state: 'done' }) } });
    button('Cancel')!.click();
    all('.qmode-yes')[0]!.click();
    expect(host.act.mock.calls.map(([action]) => [action.action, action.id])).toEqual([
      ['cancel_job', 'j1']
    ]);
  });
});

describe('several workloads', () => {
  const three = () => ({
    w1: workload({ state: 'closed', word: 'Closed', closed: 50 }),
    w2: workload({ name: 'sweep', mode: 'batch', opened: 60 }),
    w3: workload({ name: 'qaoa', opened: 50 })
  });

  it('are listed; the newest at work stands in full, until another is chosen', () => {
    draw({ workloads: three() });
    expect(texts('.qmode-Panel-workloadName')).toEqual([
      'batch sweep',
      'session qaoa',
      'session vqe'
    ]);
    expect(text('.qmode-title')).toBe('batch sweep');
    all('.qmode-Panel-workload')[2]!.click();
    expect(text('.qmode-title')).toBe('session vqe');
    expect(all('[aria-selected=true]')[0]!.textContent).toMatch('session vqe');
  });

  it('can be walked through by keys', () => {
    draw({ workloads: three() });
    const list = all('.qmode-Panel-workloads')[0]!;
    list.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    expect(text('.qmode-title')).toBe('session qaoa');
  });

  it('give way to a new one', () => {
    draw({ workloads: three() });
    all('.qmode-Panel-workload')[2]!.click();
    draw({ workloads: { ...three(), w4: workload({ name: 'new', opened: 99 }) } });
    expect(text('.qmode-title')).toBe('session new');
  });
});

describe('a thousand jobs', () => {
  const thousand = (): Partial<IMessage> => ({
    workloads: { w1: workload({ counts: { ...NO_JOBS, queued: 900, done: 100 } }) },
    jobs: Object.fromEntries(
      Array.from({ length: 1000 }, (_, k) => [
        `j${k}`,
        job(k < 100 ? { state: 'done', t: [k, k, k, k, k + 1], usage: 1 } : { t: [k] })
      ])
    )
  });

  it('have rows only while they are in sight', () => {
    draw(thousand());
    expect(all('.qmode-row').length).toBe(14);
    expect(text('.qmode-fold')).toBe('100 more finished jobs');
    const viewport = all('.qmode-viewport')[0]!;
    viewport.scrollTop = 8800;
    viewport.dispatchEvent(new Event('scroll'));
    expect(all('.qmode-row').length).toBe(18);
    expect(panel.node.querySelector('[data-job=j799]')).not.toBeNull();
  });

  it('unfold', () => {
    draw(thousand());
    button('100 more finished jobs')!.click();
    expect(all('.qmode-grid')[0]!.getAttribute('aria-rowcount')).toBe('1001');
    expect(text('.qmode-fold')).toBe('Fold finished jobs');
  });

  it('keep their order while the pointer is over them', () => {
    draw(thousand());
    const viewport = all('.qmode-viewport')[0]!;
    viewport.dispatchEvent(new Event('pointermove'));
    const more = thousand();
    more.jobs!.new = job({ t: [2000] });
    draw(more);
    expect(panel.node.querySelector('[data-job=new]')).toBeNull();
    viewport.dispatchEvent(new Event('pointerleave'));
    draw(more);
    expect(panel.node.querySelector('[data-job=new]')).not.toBeNull();
  });

  it('stay where they are when others come on top', () => {
    draw(thousand());
    const viewport = all('.qmode-viewport')[0]!;
    viewport.scrollTop = 8800;
    const more = thousand();
    more.jobs!.new = job({ t: [2000] });
    draw(more);
    expect(viewport.scrollTop).toBe(8844);
  });
});

describe('the keyboard', () => {
  const press = (key: string) =>
    all('.qmode-grid')[0]!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));

  it('moves, shows details and cancels', () => {
    draw(atWork());
    press('ArrowDown');
    press('ArrowDown');
    press('Enter');
    expect(all('[data-open]')[0]!.dataset.job).toMatch(/k3$/);
    expect(texts('.qmode-details dt')).toEqual([
      'job',
      'primitive',
      'state',
      'life',
      'usage',
      'code',
      'reason'
    ]);
    expect(text('.qmode-details')).toMatch('The instruction h on qubits');
    press('End');
    press('Delete');
    expect(host.act.mock.calls[0]![0].id).toMatch(/k6$/);
    press('Escape');
    expect(all('.qmode-details')).toEqual([]);
  });
});

it('says when the wire is broken', () => {
  panel.render({
    notebook: 'vqe.ipynb',
    view: view(atWork()),
    notice: 'The kernel does not answer.',
    wallMs: AT
  });
  expect(text('.qmode-Panel-notice')).toBe('The kernel does not answer.');
});
