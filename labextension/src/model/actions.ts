/**
 * What a person can ask for: requests, their confirmation, and the kernel that they go to.
 */

import { unfinished } from './snapshot';
import type { ISeenWorkload, IView } from './snapshot';
import type { IAnswer } from './stream';
import { grouped } from './words';

export interface IAction {
  runtime: string;
  action: 'cancel_job' | 'cancel_all' | 'close';
  /** Of a job or a workload. */
  id: string;
}

export type IRequest = IAction | { action: 'snapshot' };

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
export function question(action: IAction['action'], workload: ISeenWorkload): string {
  const jobs = unfinished(workload.counts);
  if (action === 'cancel_job' || jobs === 0) {
    return '';
  }
  const they = jobs === 1 ? '1 job has' : `${grouped(jobs)} jobs have`;
  return action === 'close'
    ? `${they} not finished and will run to the end. Anything submitted after this is refused.`
    : `${they} not finished. Their results will be lost.`;
}

/** A kernel that a page listens to. */
export interface IRoute {
  readonly view: IView | null;
  act(request: IRequest): Promise<IAnswer>;
}

/** The kernel whose runtime an action is for; null when no notebook here has it. */
export function routeOf<T extends IRoute>(action: IAction, routes: Iterable<T>): T | null {
  for (const route of routes) {
    if (route.view?.runtime === action.runtime) {
      return route;
    }
  }
  return null;
}

/**
 * Answer the action events of a page: take those for a kernel that we know, send them, and tell
 * the element that asked what came of it. The others stay for whoever raised them.
 *
 * @returns what takes the listener off again.
 */
export function listen(page: EventTarget, routes: () => Iterable<IRoute>): () => void {
  const heard = (event: Event): void => {
    const detail = (event as CustomEvent<unknown>).detail;
    if (event.defaultPrevented || !isAction(detail)) {
      return;
    }
    const route = routeOf(detail, routes());
    if (!route) {
      return;
    }
    event.preventDefault();
    const asker = event.composedPath()[0] ?? event.target;
    const { runtime, action, id } = detail;
    void route.act({ runtime, action, id }).then(answer => {
      asker?.dispatchEvent(
        new CustomEvent(ANSWER_EVENT, {
          bubbles: true,
          composed: true,
          detail: { runtime, action, id, ...answer }
        })
      );
    });
  };
  page.addEventListener(ACTION_EVENT, heard);
  return () => page.removeEventListener(ACTION_EVENT, heard);
}
