/** The way of a click to the kernel that it is for. */

import { ACTION_EVENT, ANSWER_EVENT, isAction } from '../core/actions';
import type { IAction, IAnswer, IRequest } from '../core/actions';
import type { IView } from '../core/model';

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
