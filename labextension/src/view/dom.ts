/** Making elements, and changing them only where they differ. */

type Attributes = Record<string, string | boolean>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    mark(node, name, value);
  }
  node.append(...children);
  return node;
}

/** Set an element's text. */
export function say(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Set an attribute; false and null take it off. */
export function mark(node: Element, name: string, value: string | number | boolean | null): void {
  if (value === false || value === null) {
    node.removeAttribute(name);
  } else {
    const text = value === true ? '' : String(value);
    if (node.getAttribute(name) !== text) {
      node.setAttribute(name, text);
    }
  }
}

export function show(node: HTMLElement, shown: boolean): void {
  if (node.hidden === shown) {
    node.hidden = !shown;
  }
}

/** Make as many children as there are items, and bring each up to date. */
export function each<T>(
  parent: Element,
  items: readonly T[],
  make: () => HTMLElement,
  update: (node: HTMLElement, item: T, index: number) => void
): void {
  while (parent.childElementCount > items.length) {
    parent.lastElementChild!.remove();
  }
  items.forEach((item, index) => {
    const node = (parent.children[index] as HTMLElement | undefined) ?? parent.appendChild(make());
    update(node, item, index);
  });
}

/** A button with a word on it. */
export function button(word: string, className: string, clicked: () => void): HTMLButtonElement {
  const node = h('button', { type: 'button', class: className }, word);
  node.addEventListener('click', clicked);
  return node;
}
