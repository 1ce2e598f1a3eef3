/** What the status item says: the state, what runs out first, the usage. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { focus } from '../core/choose';
import { countdowns, emulatedNow, runsOutFirst, usageNow } from '../core/clock';
import type { ICountdown, Urgency } from '../core/clock';
import type { ISeenWorkload, IView } from '../core/model';
import type { WorkloadState } from '../core/protocol';
import { clock, countdown, duration, grouped, money, ordinal, workloadName } from '../core/words';

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
export function statusOf(
  view: IView | null,
  wallMs: number,
  trans: TranslationBundle
): IStatus | null {
  if (!view) {
    return null;
  }
  const workload = focus(view);
  if (!workload) {
    return {
      state: 'ready',
      word: trans.__('QPU ready'),
      timeout: '',
      urgency: 'calm',
      usage: '',
      title: trans.__('No session, batch or job yet in this notebook')
    };
  }
  const now = emulatedNow(view.clock, wallMs);
  const first = runsOutFirst(workload, now);
  const waits = workload.state !== 'active' && workload.state !== 'closed' ? workload.place : null;
  return {
    state: workload.state,
    word:
      waits === null
        ? workload.word
        : trans.__('%1, %2 in the queue', workload.word, ordinal(waits)),
    timeout: first ? `${timeoutName(first, trans)} ${countdown(first.remaining!)}` : '',
    urgency: first?.urgency ?? 'calm',
    usage: trans.__('usage %1', clock(usageNow(workload, view, now).usage)),
    title: lines(workload, view, now, trans).join('\n')
  };
}

function timeoutName({ kind }: ICountdown, trans: TranslationBundle): string {
  return kind === 'interactive' ? trans.__('interactive timeout') : trans.__('maximum timeout');
}

function lines(
  workload: ISeenWorkload,
  view: IView,
  now: number,
  trans: TranslationBundle
): string[] {
  const { usage, qpu, usd } = usageNow(workload, view, now);
  const { title } = view.plan;
  const name = workloadName(workload);
  const others = [...view.workloads.values()].filter(
    one => one.state !== 'closed' && one.id !== workload.id
  ).length;
  const timeouts = workload.state === 'closed' ? [] : countdowns(workload, now);
  return [
    workload.backend
      ? trans.__('%1 on %2: %3', name, workload.backend, workload.word)
      : `${name}: ${workload.word}`,
    ...timeouts.map(one =>
      one.remaining === null
        ? [`${timeoutName(one, trans)} ${duration(one.timeout)}`, one.note]
            .filter(Boolean)
            .join(': ')
        : trans.__(
            '%1 in %2 of %3',
            timeoutName(one, trans),
            countdown(one.remaining),
            clock(one.timeout)
          )
    ),
    trans.__('usage %1 (QPU %2)', duration(usage), duration(qpu)),
    usd === null
      ? trans.__('free on %1', title)
      : trans.__('about %1 on %2, an estimate', money(usd), title),
    ...(others > 0
      ? [
          trans._n(
            '%2 other workload is open',
            '%2 other workloads are open',
            others,
            grouped(others)
          )
        ]
      : []),
    view.clock.held
      ? trans.__('the emulated clock waits for a simulation')
      : trans.__('times are emulated')
  ];
}
