/**
 * When to draw: after a change, once a frame whatever the number of changes; and four times a second
 * as long as what is shown changes by itself.
 */

/** How often what counts is drawn again, in milliseconds. */
const TICK_MS = 250;

export class Pulse {
  /**
   * @param draw - draws, and returns whether what it drew changes by itself.
   */
  constructor(private readonly _draw: () => boolean) {
    document.addEventListener('visibilitychange', this._seen);
  }

  /** Something has changed. */
  touch(): void {
    if (!this._frame && !this._ended) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._beat();
      });
    }
  }

  dispose(): void {
    this._ended = true;
    document.removeEventListener('visibilitychange', this._seen);
    cancelAnimationFrame(this._frame);
    clearTimeout(this._timer);
  }

  private _beat(): void {
    clearTimeout(this._timer);
    this._timer = 0;
    if (!this._ended && this._draw() && !document.hidden) {
      this._timer = window.setTimeout(() => this.touch(), TICK_MS);
    }
  }

  private _seen = (): void => {
    if (!document.hidden) {
      this.touch();
    }
  };

  private _ended = false;
  private _frame = 0;
  private _timer = 0;
}
