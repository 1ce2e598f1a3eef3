/** Clicks that are under way, and those that came to nothing. */

import type { IAction } from './actions';
import { settled, unfinished } from './model';
import type { IView } from './model';

export class Clicks {
  begin(action: IAction['action'], id: string): void {
    this._busy.set(id, action);
    this._trouble.delete(id);
  }

  /** The click came to nothing, for this reason. */
  fail(id: string, error: string): void {
    this._busy.delete(id);
    this._trouble.set(id, error);
  }

  /** There is something to say of a click that is under way still. */
  remark(id: string, text: string): void {
    if (this._busy.has(id)) {
      this._trouble.set(id, text);
    }
  }

  /** What is under way for a job or workload. */
  busy(id: string): IAction['action'] | null {
    return this._busy.get(id) ?? null;
  }

  /** Why the last click on a job or workload came to nothing; empty when it did not. */
  trouble(id: string): string {
    return this._trouble.get(id) ?? '';
  }

  /** Forget the clicks that have had their effect, and the troubles that no longer matter. */
  settle(view: IView): void {
    if (view.runtime !== this._runtime) {
      this._runtime = view.runtime;
      this._busy.clear();
      this._trouble.clear();
    }
    for (const id of [...this._busy.keys(), ...this._trouble.keys()]) {
      const action = this._busy.get(id);
      const job = view.jobs.get(id);
      const workload = view.workloads.get(id);
      const over = job
        ? settled(job.state)
        : !workload ||
          workload.state === 'closed' ||
          (action === 'close' && !workload.accepting) ||
          (action === 'cancel_all' && unfinished(workload.counts) === 0);
      if (over) {
        this._busy.delete(id);
        this._trouble.delete(id);
      }
    }
  }

  private _runtime = '';
  private _busy = new Map<string, IAction['action']>();
  private _trouble = new Map<string, string>();
}
