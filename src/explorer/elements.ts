/** The element of this id, which index.html promises to be of this type. */
export function byId<T extends Element>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof type) return found
  throw new Error(`The page has no ${type.name} with the id ${id}.`)
}

type Attributes = Readonly<Record<string, string | boolean | undefined>>

/** A new element; false and undefined attributes are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children)
  return made
}

/** Says something to those who listen to the page. */
export function say(text: string): void {
  byId('spoken', HTMLElement).textContent = text
}
