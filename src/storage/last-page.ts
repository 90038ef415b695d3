import type { Entry } from './port.ts'

const lastPages = new WeakSet<readonly Entry[]>()

/** Marks a page as the last of its list, where its maker knows: the step after it makes no call. */
export function markLastPage(page: readonly Entry[]): readonly Entry[] {
  lastPages.add(page)
  return page
}

/** True for a marked page. A page that bears no mark may be the last all the same. */
export const isLastPage = (page: readonly Entry[]): boolean => lastPages.has(page)
