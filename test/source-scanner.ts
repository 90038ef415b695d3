/** A source taken apart far enough to see its imports. */
export type Scanned = {
  /** Comments and regular expressions are gone, each text is its number in `texts`, in single quotes. */
  readonly code: string
  /** What stands between quotes, and in templates between their braces. */
  readonly texts: readonly string[]
}

export type Import = {
  /** Undefined where a dynamic import computes it. */
  readonly specifier: string | undefined
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/y
const QUOTED = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y
const REGEXP = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y
/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEXP = /(?:^|[=(,:[!&|?{};>+*-]|\b(?:return|typeof|case|in|of))\s*$/
const TEMPLATE_PIECE = /((?:\\[\s\S]|\$(?!\{)|[^`\\$])*)(`|\$\{)/y

/** Takes a source apart; the code inside a template's braces is code like any other. */
export function scan(source: string): Scanned {
  const texts: string[] = []
  /** For each template that is open: the braces opened in its code and not closed yet. */
  const open: number[] = []
  let code = ''
  let at = 0

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(source) ?? undefined
    if (match) at = pattern.lastIndex
    return match
  }
  const text = (value: string) => {
    code += `'${texts.push(value) - 1}'`
  }
  const template = () => {
    const [, piece = '', end] = take(TEMPLATE_PIECE) ?? []
    if (end === undefined) throw new Error('A template does not end.')
    text(piece)
    if (end === '`') return
    open.push(0)
    code += ' ; '
  }

  while (at < source.length) {
    if (take(COMMENT)) {
      code += ' '
      continue
    }
    const quoted = take(QUOTED)?.[0]
    if (quoted !== undefined) {
      text(quoted.slice(1, -1))
      continue
    }
    if (source[at] === '/' && BEFORE_REGEXP.test(code.slice(-30)) && take(REGEXP)) {
      code += ' 0 '
      continue
    }
    const letter = source.charAt(at)
    at += 1
    const braces = open.at(-1)
    if (letter === '`') template()
    else if (letter === '}' && braces === 0) {
      open.pop()
      code += ' ; '
      template()
    } else {
      if (braces !== undefined && letter === '{') open[open.length - 1] = braces + 1
      if (braces !== undefined && letter === '}') open[open.length - 1] = braces - 1
      code += letter
    }
  }
  return { code, texts }
}

const IMPORTS = [
  /\b(?:import|export)\b[^'();=]*?\bfrom\s*'(\d+)'/g,
  /\bimport\s*'(\d+)'/g,
  /(?<![.\w$])(?:import|require)\s*\(\s*(?:'(\d+)'\s*[,)]|[^)\s])/g,
]

/** All imports in their order: static, type-only, for their effect, dynamic, of types, and re-exports. */
export function importsIn({ code, texts }: Scanned): Import[] {
  return IMPORTS.flatMap((form) => [...code.matchAll(form)])
    .toSorted((a, b) => a.index - b.index)
    .map(([, number]) => ({ specifier: number === undefined ? undefined : texts[Number(number)] }))
}
