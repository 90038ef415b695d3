/** What a body may be packed with (RFC 9110, 8.4.1); identity is as it is. */
export type Coding = 'br' | 'gzip' | 'identity'

/**
 * The coding that an asker likes best, of those liked alike brotli, then gzip. One that is named with `q=0` is
 * refused; identity is taken where no other is (RFC 9110, 12.5.3).
 * @param accepted the Accept-Encoding header
 */
export function codingOf(accepted: string): Coding {
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name = '', weight = 'q=1'] = part.split(';').map((piece) => piece.trim().toLowerCase())
      return [name, Number(weight.replace('q=', ''))] as const
    }),
  )
  const others = weights.get('*') ?? 0
  const [br, gzip] = [weights.get('br') ?? others, weights.get('gzip') ?? others]
  const least = weights.get('identity') ?? 0
  if (br > 0 && br >= gzip && br >= least) return 'br'
  return gzip > 0 && gzip >= least ? 'gzip' : 'identity'
}
