import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { IAnswer, IRequest } from '../core/actions';
import { StatusStream } from '../lab/stream';
import type { IWire } from '../lab/stream';
import { AT, clockAt, delta, job, trans, whole, workload } from './made';

/** A kernel that answers when it is told to. */
class Kernel implements IWire {
  comms: string[] = [];
  asked: IRequest[] = [];
  reminded: string[] = [];

  async find(): Promise<string[]> {
    if (this.deaf) {
      throw new Error('The kernel did not answer within 15 s.');
    }
    return this.comms;
  }

  request(content: IRequest): Promise<IAnswer> {
    this.asked.push(content);
    return this.deaf
      ? Promise.reject(new Error('The kernel did not answer within 5 s.'))
      : new Promise(resolve => this._waiting.push(resolve));
  }

  remind(comm: string): void {
    this.reminded.push(comm);
  }

  async answer(answer: IAnswer): Promise<void> {
    this._waiting.shift()!(answer);
    await settle();
  }

  deaf = false;
  private _waiting: ((answer: IAnswer) => void)[] = [];
}

async function settle(): Promise<void> {
  for (let k = 0; k < 20; k++) {
    await Promise.resolve();
  }
}

let kernel: Kernel;
let changed: ReturnType<typeof vi.fn<() => void>>;
let stream: StatusStream;
let now: number;

beforeEach(() => {
  kernel = new Kernel();
  changed = vi.fn();
  now = AT;
  stream = new StatusStream(kernel, trans, () => now);
  stream.changed.connect(() => changed());
});

const usage = () => stream.view?.workloads.get('w1')?.usage;
const used = (usage: number) => ({ workloads: { w1: workload({ usage }) } });

describe('a comm that the kernel opens', () => {
  it('brings the whole, then deltas', () => {
    stream.opened('c1', whole(used(1)));
    stream.received('c1', delta(1, used(2)));
    stream.received('c2', delta(2, used(99)));
    expect(usage()).toBe(2);
    expect(changed).toHaveBeenCalledTimes(2);
    expect(kernel.asked).toEqual([]);
  });

  it('takes over from an older one', () => {
    stream.opened('c1', whole(used(1)));
    stream.opened('c2', whole({ runtime: 'bbbb2222', ...used(5) }));
    stream.received('c1', delta(1, used(2)));
    stream.closed('c1');
    expect([stream.view?.runtime, usage()]).toEqual(['bbbb2222', 5]);
  });

  it('takes everything with it when it is closed', () => {
    stream.opened('c1', whole(used(1)));
    stream.closed('c1');
    expect(stream.view).toBeNull();
    expect(changed).toHaveBeenCalledTimes(2);
  });
});

describe('a missing message', () => {
  beforeEach(() => {
    stream.opened('c1', whole(used(1)));
    stream.received('c1', delta(2, used(3)));
  });

  it('makes it ask for the whole, once, and put on top what came meanwhile', async () => {
    stream.received('c1', delta(3, { jobs: { j1: job() } }));
    expect(kernel.asked).toEqual([{ action: 'snapshot' }]);
    expect(usage()).toBe(3);
    await kernel.answer({ ok: true, comm: 'c1', snapshot: whole({ seq: 1, ...used(2) }) });
    expect([stream.view!.seq, usage(), stream.view!.jobs.size]).toEqual([3, 3, 1]);
  });

  it('is not put on top of a newer whole', async () => {
    await kernel.answer({ ok: true, comm: 'c1', snapshot: whole({ seq: 2, ...used(4) }) });
    expect([stream.view!.seq, usage()]).toEqual([2, 4]);
  });

  it('is asked for again when another one is missing', async () => {
    stream.received('c1', delta(4, used(5)));
    await kernel.answer({ ok: true, comm: 'c1', snapshot: whole({ seq: 2, ...used(3) }) });
    expect(kernel.asked).toHaveLength(2);
    await kernel.answer({ ok: true, comm: 'c1', snapshot: whole({ seq: 4, ...used(6) }) });
    expect([usage(), stream.notice]).toEqual([6, '']);
  });

  it('no longer matters after a restart', async () => {
    stream.reset();
    await kernel.answer({ ok: true, comm: 'c1', snapshot: whole({ seq: 2, ...used(4) }) });
    expect(stream.view).toBeNull();
  });
});

describe('a kernel that does not answer', () => {
  it('is asked three times, then over the comm, and the page says so', async () => {
    stream.opened('c1', whole(used(1)));
    kernel.deaf = true;
    stream.received('c1', delta(2, used(3)));
    await settle();
    expect(kernel.asked).toHaveLength(3);
    expect(kernel.reminded).toEqual(['c1']);
    expect([stream.notice, usage()]).toEqual([
      'The kernel does not answer: what is shown may be old.',
      3
    ]);
    stream.received('c1', whole({ seq: 3, ...used(4) }));
    expect([stream.notice, usage()]).toEqual(['', 4]);
  });

  it('makes an action come to nothing, with the reason', async () => {
    kernel.deaf = true;
    const action = { runtime: 'aaaa1111', action: 'close', id: 'w1' } as const;
    expect(await stream.act(action)).toEqual({
      ok: false,
      error: 'The kernel did not answer within 5 s.'
    });
  });

  it('leaves what is known as it is when it is looked for', async () => {
    stream.opened('c1', whole(used(1)));
    kernel.deaf = true;
    await stream.find();
    expect(usage()).toBe(1);
  });
});

describe('after a page reload', () => {
  it('the comm is found and the whole asked for', async () => {
    kernel.comms = ['c0', 'c1'];
    void stream.find();
    await settle();
    stream.received('c1', delta(8, used(8)));
    await kernel.answer({ ok: true, comm: 'c1', snapshot: whole({ seq: 7, ...used(7) }) });
    expect([stream.view!.seq, usage()]).toEqual([8, 8]);
  });

  it('the comm that the kernel names is the one to listen to', async () => {
    kernel.comms = ['c0'];
    void stream.find();
    await settle();
    await kernel.answer({ ok: true, comm: 'c9', snapshot: whole(used(7)) });
    stream.received('c9', delta(1, used(8)));
    expect(usage()).toBe(8);
  });

  it('no comm means no runtime', async () => {
    stream.opened('c1', whole(used(1)));
    await stream.find();
    expect(stream.view).toBeNull();
  });

  it('a comm that is opened while it looks is what counts', async () => {
    const looking = stream.find();
    stream.opened('c1', whole(used(1)));
    await looking;
    expect(usage()).toBe(1);
  });
});

it('says so when it does not know the version', () => {
  stream.opened('c1', { ...whole(), v: 2 });
  expect(stream.notice).toMatch('sends version 2 of the status, this page reads 1');
  expect(stream.view).toBeNull();
});

it('learns how far the kernel is away in time', () => {
  now = AT + 90_000;
  stream.opened('c1', whole());
  expect(stream.wallMs()).toBe(AT);
  now += 3000;
  stream.received('c1', delta(1, { clock: clockAt(103, { at_ms: AT + 3000 }) }));
  expect(stream.wallMs()).toBe(AT + 3000);
});
