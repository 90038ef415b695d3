import { Wrong } from './expression.ts'

/** A piece of CQL2 text, and where it begins: letters from the start, counted from 1. */
export type Token = { readonly at: number } /** A name or a keyword; quoted ones are never keywords. */ & (
  | { readonly kind: 'name'; readonly name: string; readonly quoted?: true }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'sign'; readonly sign: string }
  | { readonly kind: 'end' }
)

const SPACE = /\s*/y
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?![\p{L}\p{N}_.:])/iuy
const NAME = /[\p{L}_:][\p{L}\p{M}\p{N}_:.]*/uy
const SIGN = /<>|<=|>=|=(?!=)|[<>(),]/y
/** What other languages write, and what is meant here. */
const STRANGE = /!=|==|&&|\|\||!|\*|\/|\+|-|;|\?/y
const MEANT: Readonly<Record<string, string>> = { '!=': '<>', '==': '=', '&&': 'AND', '||': 'OR', '!': 'NOT' }

/** The pieces of a text one by one, the last of them its end. @throws {Wrong} */
export function* tokensOf(text: string): Generator<Token, Token> {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const taken = pattern.exec(text)?.[0]
    at += taken?.length ?? 0
    return taken
  }
  for (;;) {
    take(SPACE)
    const start = { at: at + 1 }
    const letter = text[at]
    if (letter === undefined) return { ...start, kind: 'end' }
    if (letter === "'" || letter === '"') {
      const { inner, end } = quoted(text, at, letter)
      at = end
      if (letter === "'") yield { ...start, kind: 'text', text: inner }
      else yield { ...start, kind: 'name', name: inner, quoted: true }
      continue
    }
    const number = take(NUMBER)
    if (number !== undefined) {
      yield { ...start, kind: 'number', number: finite(number) }
      continue
    }
    const name = take(NAME)
    if (name !== undefined) {
      yield { ...start, kind: 'name', name }
      continue
    }
    const sign = take(SIGN)
    if (sign === undefined) throw new Wrong(strange(take(STRANGE) ?? letterAt(text, at), start.at))
    yield { ...start, kind: 'sign', sign }
  }
}

function strange(piece: string, at: number): string {
  const meant = MEANT[piece] === undefined ? '' : `; write ${MEANT[piece]}`
  return `has ${JSON.stringify(piece)} at letter ${at}, which has no meaning there${meant}`
}

const letterAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0)

function finite(written: string): number {
  const number = Number(written)
  if (!Number.isFinite(number)) throw new Wrong(`holds ${written}, which is too large a number`)
  return number
}

/** What stands within quotes; the quote itself is written twice there, or behind a backslash in a text. */
function quoted(text: string, start: number, quote: "'" | '"'): { inner: string; end: number } {
  let inner = ''
  for (let at = start + 1; at < text.length; at++) {
    const letter = text[at] ?? ''
    const escapes = letter === quote || (letter === '\\' && quote === "'")
    if (escapes && text[at + 1] === quote) {
      inner += quote
      at++
    } else if (letter === quote) return { inner, end: at + 1 }
    else inner += letter
  }
  throw new Wrong(`opens a quote at letter ${start + 1} and does not close it`)
}
