import type { StacItem } from './documents.ts'
import { clipped } from './expression.ts'

/** Which members of an item are wanted, by their paths. */
export type Fields = { readonly include: readonly string[]; readonly exclude: readonly string[] }

/** What an item is made of; a name that is none of these is that of a property. */
const MEMBERS: readonly string[] = [
  'type',
  'stac_version',
  'stac_extensions',
  'id',
  'geometry',
  'bbox',
  'properties',
  'links',
  'assets',
  'collection',
]

/** What of an item tells which it is, answered beside whatever is included unless it is excluded. */
const NAMING: readonly string[] = ['type', 'id', 'collection']

/** What is answered where nothing is named, so that it is a valid item: STAC API, Fields. */
const BASELINE: readonly string[] = [
  'type',
  'stac_version',
  'id',
  'collection',
  'geometry',
  'bbox',
  'links',
  'assets',
  'properties.datetime',
]

const MOST_NAMES = 200
const MOST_LETTERS = 200

/**
 * Reads `fields`: a text `id,-geometry`, or `{include: […], exclude: […]}`; a string is what is wrong, a
 * clause. A name that nothing has is no error.
 */
export function readFields(given: unknown): Fields | string {
  const lists = typeof given === 'string' ? splitText(given) : membersOf(given)
  if (typeof lists === 'string') return lists
  const names = [...lists.include, ...lists.exclude]
  if (names.length > MOST_NAMES) return `holds ${names.length} names; it takes ${MOST_NAMES} at most`
  if (names.some((name) => name === '' || name.length > MOST_LETTERS)) {
    return 'holds an empty or endless name; write it as id,properties.eo:cloud_cover,-geometry'
  }
  return { include: lists.include.map(pathOf), exclude: lists.exclude.map(pathOf) }
}

/** Makes of each item what is wanted of it: what is included alone, or all but what is excluded. */
export function fieldPicker({ include, exclude }: Fields): (item: StacItem) => object {
  const unwanted = treeOf(exclude)
  if (include.length === 0 && exclude.length > 0) return (item) => without(item, unwanted)
  const wanted = treeOf(include.length > 0 ? [...NAMING, ...include] : BASELINE)
  return (item) => without(only(item, wanted), unwanted)
}

/** A + of an address arrives as a space. */
function splitText(text: string): Fields {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name, _, all) => name !== '' || all.length > 1)
  const isMinus = (name: string) => name.startsWith('-')
  return {
    include: names.filter((name) => !isMinus(name)).map((name) => name.replace(/^\+/, '')),
    exclude: names.filter(isMinus).map((name) => name.slice(1)),
  }
}

const SHAPE = 'is not of the form {"include": ["id"], "exclude": ["geometry"]}'

function membersOf(given: unknown): Fields | string {
  if (!isObject(given)) return SHAPE
  const strange = Object.keys(given).find((name) => name !== 'include' && name !== 'exclude')
  if (strange !== undefined)
    return `holds ${JSON.stringify(clipped(strange))}, which is neither include nor exclude`
  const include = namesOf(given.include)
  const exclude = namesOf(given.exclude)
  return include && exclude ? { include, exclude } : SHAPE
}

function namesOf(list: unknown): string[] | undefined {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) return undefined
  const names = list.filter((name) => typeof name === 'string')
  return names.length === list.length ? names : undefined
}

const pathOf = (name: string): string =>
  MEMBERS.includes(name.split('.', 1)[0] ?? '') ? name : `properties.${name}`

/** Names and what is asked of what they name; empty: all of it. */
type Tree = Map<string, Tree>

function treeOf(paths: readonly string[]): Tree {
  const root: Tree = new Map()
  // Shorter first: what is asked for as a whole takes in its parts.
  for (const path of paths.toSorted((a, b) => a.length - b.length)) grow(root, path.split('.'))
  return root
}

function grow(tree: Tree, [name = '', ...rest]: readonly string[]): void {
  const known = tree.get(name)
  if (known?.size === 0) return
  const branch = known ?? new Map()
  tree.set(name, branch)
  if (rest.length > 0) grow(branch, rest)
}

function only(value: object, tree: Tree): object {
  return pairsOf(value).reduce<Record<string, unknown>>((kept, [name, member]) => {
    const branch = tree.get(name)
    if (branch) kept[name] = branch.size > 0 && isObject(member) ? only(member, branch) : member
    return kept
  }, {})
}

function without(value: object, tree: Tree): object {
  if (tree.size === 0) return value
  return pairsOf(value).reduce<Record<string, unknown>>((kept, [name, member]) => {
    const branch = tree.get(name)
    if (!branch) kept[name] = member
    else if (branch.size > 0) kept[name] = isObject(member) ? without(member, branch) : member
    return kept
  }, {})
}

const pairsOf = (value: object): [string, unknown][] => Object.entries(value)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
