/** What a person can ask for, what it would cost, and what comes of it. */

import { unfinished } from './model';
import type { IMessage, IWorkload } from './protocol';
import { grouped } from './words';

export interface IAction {
  runtime: string;
  action: 'cancel_job' | 'cancel_all' | 'close';
  /** Of a job or a workload. */
  id: string;
}

export type IRequest = IAction | { action: 'snapshot' };

export interface IAnswer {
  ok: boolean;
  /** Why not, in one line. */
  error?: string;
  /** The comm that status comes over; with a snapshot. */
  comm?: string | null;
  snapshot?: IMessage;
}

/** The DOM event with which any of our faces on the page asks for an action. */
export const ACTION_EVENT = 'qmode:action';

/** The DOM event with which its outcome comes back to the element that asked. */
export const ANSWER_EVENT = 'qmode:answer';

const ACTIONS: readonly unknown[] = ['cancel_job', 'cancel_all', 'close'];

/** Whether what an event carries is an action. */
export function isAction(detail: unknown): detail is IAction {
  const it = detail as Partial<IAction> | null;
  return (
    typeof it === 'object' &&
    it !== null &&
    typeof it.runtime === 'string' &&
    typeof it.id === 'string' &&
    ACTIONS.includes(it.action)
  );
}

/**
 * What to ask before an action on a workload, or nothing when it costs nothing.
 *
 * Cancelling loses results; closing loses none, but what the cell submits afterwards is refused.
 */
export function question(action: IAction['action'], workload: Pick<IWorkload, 'counts'>): string {
  const jobs = unfinished(workload.counts);
  if (action === 'cancel_job' || jobs === 0) {
    return '';
  }
  const they = jobs === 1 ? '1 job has' : `${grouped(jobs)} jobs have`;
  return action === 'close'
    ? `${they} not finished and will run to the end. Anything submitted after this is refused.`
    : `${they} not finished. Their results will be lost.`;
}
