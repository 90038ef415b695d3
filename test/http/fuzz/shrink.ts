import type { Asked } from './asked.ts'

const MOST_TRIES = 150

/** The smallest request, one piece or half of a text after the other left out, that goes wrong in the same way. */
export async function shrunk(asked: Asked, goesWrong: (asked: Asked) => Promise<boolean>): Promise<Asked> {
  let [least, tries] = [asked, 0]
  for (let at = 0; ; at++) {
    const candidate = smaller(least).drop(at).next().value
    if (candidate === undefined || tries++ > MOST_TRIES) return least
    if (await goesWrong(candidate)) {
      least = candidate
      at = -1
    }
  }
}

function* smaller(asked: Asked): Generator<Asked> {
  const { query, headers, body } = asked
  if (headers.length > 1) yield { ...asked, headers: [] }
  for (const i of query.keys()) yield { ...asked, query: query.toSpliced(i, 1) }
  for (const i of headers.keys()) yield { ...asked, headers: headers.toSpliced(i, 1) }
  if (body) {
    yield { ...asked, body: undefined }
    for (const half of halves(body.bytes)) yield { ...asked, body: { ...body, bytes: half } }
  }
  for (const [i, piece] of query.entries()) {
    const name = piece.slice(0, piece.indexOf('=') + 1)
    const value = piece.slice(name.length)
    if (value.length > 8) yield { ...asked, query: query.with(i, name + value.slice(0, value.length / 2)) }
    if (value.length > 8) yield { ...asked, query: query.with(i, name + value.slice(value.length / 2)) }
  }
}

function halves(bytes: Buffer): Buffer[] {
  const middle = bytes.length >> 1
  return middle === 0 ? [] : [bytes.subarray(0, middle), bytes.subarray(middle)]
}
