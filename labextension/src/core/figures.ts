/** What stands below a figure: of how much a timeout is, what usage is made of, what a price is. */

import type { ICountdown, IUsage } from './clock';
import type { ISeenWorkload } from './model';
import type { IPlan } from './protocol';
import { clock, duration } from './words';

const HURRY = { calm: '', soon: 'under a quarter left', urgent: 'under a tenth left' };
const USUAL = { interactive: 'until a job comes', maximum: 'never pauses' };

export function timeoutNote({ kind, timeout, remaining, urgency, note }: ICountdown): string {
  return remaining === null
    ? note || 'does not count now'
    : `of ${clock(timeout)}, ${HURRY[urgency] || note || USUAL[kind]}`;
}

export function usageNote({ usage, qpu }: IUsage, mode: ISeenWorkload['mode']): string {
  const idle = Math.max(0, usage - qpu);
  if (usage < 0.05) {
    return 'nothing charged yet';
  }
  return idle < 0.05 && mode !== 'session'
    ? 'all of it on the QPU'
    : `QPU ${duration(qpu)}, idle ${duration(idle)}`;
}

export function priceNote({ usd }: IUsage, plan: IPlan): string {
  return usd === null ? `on the ${plan.title} plan` : `${plan.title}, estimate`;
}
