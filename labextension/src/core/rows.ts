/** Which rows of a long list are worth making: those in sight and a few around them. */

export interface IWindow {
  first: number;
  /** One past the last. */
  last: number;
}

/**
 * @param top - how far the list is scrolled, in pixels.
 * @param height - of the part in sight, in pixels.
 * @param row - height of a row, in pixels.
 * @param count - of rows in the list.
 * @param around - rows made above and below those in sight.
 */
export function inSight(
  top: number,
  height: number,
  row: number,
  count: number,
  around = 4
): IWindow {
  if (height <= 0 || count === 0) {
    return { first: 0, last: 0 };
  }
  // A list that became shorter is scrolled further than it is long, until the browser notices.
  const from = Math.min(Math.max(0, top), Math.max(0, count * row - height));
  return {
    first: Math.max(0, Math.floor(from / row) - around),
    last: Math.min(count, Math.ceil((from + height) / row) + around)
  };
}
