import type { Asked } from './asked.ts'

/** Lines of a shell that send a request once more: curl's where it sends such a thing at all, else the bytes. */
export function repeated(asked: Asked, bytes: Buffer, port: number): string {
  return curl(asked, port) ?? `printf '${escaped(bytes)}' | nc -q 5 127.0.0.1 ${port}`
}

const PLAIN = /^[\x21-\x7e]*$/
const PLAIN_LINE = /^[\w-]+: [\x20-\x7e]+$/

function curl({ method, path, query, headers, body }: Asked, port: number): string | undefined {
  const target = query.length > 0 ? `${path}?${query.join('&')}` : path
  const frames = headers.some((line) =>
    /^(content-length|transfer-encoding|expect|upgrade|connection):/i.test(line),
  )
  if (
    !PLAIN.test(target) ||
    !target.startsWith('/') ||
    frames ||
    !headers.every((line) => PLAIN_LINE.test(line))
  )
    return undefined
  if (body && !/^[\x20-\x7e]*$/.test(body.type)) return undefined
  const text = body?.bytes.toString()
  if (body && (!Buffer.from(text ?? '').equals(body.bytes) || /\p{Cc}/u.test(text ?? ''))) return undefined
  const parts = ['curl -gi --path-as-is']
  if (method === 'HEAD') parts.push('-I')
  else if (method !== (body ? 'POST' : 'GET')) parts.push(`-X ${method}`)
  for (const line of headers) parts.push(`-H ${quoted(line)}`)
  if (body) {
    parts.push(`-H ${quoted(`Content-Type: ${body.type}`)}`)
    if (body.encoding) parts.push(`-H ${quoted(`Content-Encoding: ${body.encoding}`)}`)
    if (body.framing === 'chunked') parts.push("-H 'Transfer-Encoding: chunked'")
    parts.push(`--data-binary ${quoted(text ?? '')}`)
  }
  return [...parts, quoted(`http://127.0.0.1:${port}${target}`)].join(' ')
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** As printf reads it: octal where it is no plain letter. */
const escaped = (bytes: Buffer): string =>
  Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte)
    return /[\w /.:?&=,;()[\]{}"<>*+#@!-]/.test(letter) ? letter : `\\${byte.toString(8).padStart(3, '0')}`
  }).join('')
