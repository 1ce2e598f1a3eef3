/** What the status item says: the state, what runs out first, the usage. */

import { focus } from './choose';
import type { IView, WorkloadState } from './snapshot';
import { countdowns, emulatedNow, runsOutFirst, usageNow } from './time';
import type { Urgency } from './time';
import { clock, count, countdown, duration, money, ordinal, workloadName } from './words';

export interface IStatus {
  /** The state that colours the dot. */
  state: WorkloadState | 'ready';
  word: string;
  /** What runs out first, such as "interactive timeout 0:47"; empty when nothing counts. */
  timeout: string;
  urgency: Urgency;
  /** Such as "usage 2:48"; empty when there is none. */
  usage: string;
  /** Everything in full, a line each. */
  title: string;
}

/**
 * @param view - what is known of the kernel's runtime; null when it has none.
 * @param wallMs - now, in epoch milliseconds of the kernel's machine.
 * @returns null when there is nothing to say.
 */
export function statusOf(view: IView | null, wallMs: number): IStatus | null {
  if (!view) {
    return null;
  }
  const workload = focus(view);
  if (!workload) {
    return {
      state: 'ready',
      word: 'QPU ready',
      timeout: '',
      urgency: 'calm',
      usage: '',
      title: 'No session, batch or job yet in this notebook'
    };
  }
  const now = emulatedNow(view.clock, wallMs);
  const first = runsOutFirst(workload, now);
  const { usage, qpu, usd } = usageNow(workload, view, now);
  const open = [...view.workloads.values()].filter(
    one => one.state !== 'closed' && one.id !== workload.id
  ).length;
  const lines = [
    `${workloadName(workload)}${workload.backend ? ` on ${workload.backend}` : ''}: ${workload.word}`,
    ...countdowns(workload, now)
      .filter(() => workload.state !== 'closed')
      .map(one =>
        one.remaining === null
          ? `${one.kind} timeout ${duration(one.timeout)}${one.note ? `: ${one.note}` : ''}`
          : `${one.kind} timeout in ${countdown(one.remaining)} of ${clock(one.timeout)}`
      ),
    `usage ${duration(usage)} (QPU ${duration(qpu)})`,
    usd === null
      ? `free on ${view.plan.title}`
      : `about ${money(usd)} on ${view.plan.title}, an estimate`,
    ...(open > 0 ? [`${count(open, 'other workload')} ${open === 1 ? 'is' : 'are'} open`] : []),
    view.clock.held ? 'the emulated clock waits for a simulation' : 'times are emulated'
  ];
  const waits = workload.state !== 'active' && workload.state !== 'closed' && workload.place;
  return {
    state: workload.state,
    word: waits ? `${workload.word}, ${ordinal(workload.place!)} in the queue` : workload.word,
    timeout: first ? `${first.kind} timeout ${countdown(first.remaining!)}` : '',
    urgency: first?.urgency ?? 'calm',
    usage: `usage ${clock(usage)}`,
    title: lines.join('\n')
  };
}
