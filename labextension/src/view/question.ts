/** A question before something is lost; the safe answer has the focus. */

import { button, h, say, show } from './dom';

export interface IAsked {
  text: string;
  /** What the button says that goes ahead, and the one that doesn't. */
  yes: string;
  no: string;
}

export class Question {
  constructor() {
    this._no = button('', 'qmode-button', () => this.end());
    this._yes = button('', 'qmode-button qmode-yes', () => {
      const goAhead = this._goAhead;
      this.end();
      goAhead?.();
    });
    this.node.append(this._text, h('span', { class: 'qmode-buttons' }, this._no, this._yes));
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.end();
      }
    });
  }

  readonly node = h('div', { class: 'qmode-ask', role: 'alertdialog', hidden: true });

  /** Whether an answer is awaited. */
  get open(): boolean {
    return this._goAhead !== null;
  }

  /**
   * @param goAhead - what to do on yes.
   */
  ask(asked: IAsked, goAhead: () => void): void {
    this._goAhead = goAhead;
    this._asker = document.activeElement as HTMLElement | null;
    this.update(asked);
    show(this.node, true);
    this._no.focus();
  }

  /** Bring an open question up to date: what it is about goes on. */
  update(asked: IAsked): void {
    say(this._text, asked.text);
    say(this._yes, asked.yes);
    say(this._no, asked.no);
    this.node.setAttribute('aria-label', asked.text);
  }

  /** Take the question back; the focus returns to where it came from. */
  end(): void {
    const inside = this.node.contains(document.activeElement);
    this._goAhead = null;
    show(this.node, false);
    if (inside) {
      this._asker?.focus();
    }
  }

  private _goAhead: (() => void) | null = null;
  private _asker: HTMLElement | null = null;
  private _text = h('span', { class: 'qmode-asked' });
  private _yes: HTMLButtonElement;
  private _no: HTMLButtonElement;
}
