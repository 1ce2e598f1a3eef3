/** The way of a click on a card to the kernel, and of its answer back. */

import { ACTION_EVENT, ANSWER_EVENT } from '../core/actions';
import type { IAction, IAnswer } from '../core/actions';

/** After this a click without an answer is said to be under way. */
const PATIENCE_MS = 4000;

/** What an answer carries, whichever way it comes. */
export type IReply = Pick<IAction, 'action' | 'id'> & IAnswer;

/**
 * A click is an event first: where the labextension hears it, it goes over the control channel, which
 * a running cell does not block. Else it is a message of the widget.
 */
export class Requests {
  constructor(
    private readonly _node: HTMLElement,
    private readonly _send: (action: IAction) => void
  ) {
    _node.addEventListener(ANSWER_EVENT, this._heard);
  }

  act(action: IAction, remark: (text: string) => void): Promise<IAnswer> {
    return new Promise(resolve => {
      const patience = setTimeout(
        () => remark('No answer from the kernel yet; it will come when the kernel is free.'),
        PATIENCE_MS
      );
      this._waiting.set(key(action), answer => {
        clearTimeout(patience);
        resolve(answer);
      });
      this._patience.add(patience);
      const event = new CustomEvent(ACTION_EVENT, {
        bubbles: true,
        composed: true,
        cancelable: true,
        detail: action
      });
      if (this._node.dispatchEvent(event)) {
        this._send(action);
      }
    });
  }

  /** An answer has come; one to a click on another card is none of ours. */
  answer(reply: IReply): void {
    const waiting = this._waiting.get(key(reply));
    this._waiting.delete(key(reply));
    waiting?.(reply);
  }

  dispose(): void {
    this._node.removeEventListener(ANSWER_EVENT, this._heard);
    this._patience.forEach(clearTimeout);
  }

  private _heard = (event: Event): void => this.answer((event as CustomEvent<IReply>).detail);

  private _waiting = new Map<string, (answer: IAnswer) => void>();
  private _patience = new Set<ReturnType<typeof setTimeout>>();
}

function key({ action, id }: Pick<IAction, 'action' | 'id'>): string {
  return `${action} ${id}`;
}
