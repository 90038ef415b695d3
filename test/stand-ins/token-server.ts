import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'

/** What the server says to one who asks for a token; `hang`: nothing. */
export type TokenAnswer =
  | { readonly token: string; readonly expiresIn?: number }
  | { readonly status: number; readonly error: string; readonly description: string }
  | 'hang'

export type TokenServer = {
  /** Tokens asked for so far. */
  asked(): number
  setAnswer(answer: (count: number) => TokenAnswer): void
  /** Writes a file for GOOGLE_APPLICATION_CREDENTIALS that leads here, and what it leads by beside it. */
  writeCredentials(file: string): Promise<void>
  close(): Promise<void>
}

/**
 * A loopback server that exchanges tokens as Google's does for external accounts
 * (cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token): tokens named `token-1`, `token-2` and so on
 * until it is told otherwise.
 */
export async function startTokenServer(): Promise<TokenServer> {
  let count = 0
  let answer = (n: number): TokenAnswer => ({ token: `token-${n}` })
  const server = createServer((request, response) => {
    request.resume()
    const said = answer(++count)
    if (said === 'hang') return
    const [status, body] =
      'token' in said
        ? [
            200,
            {
              access_token: said.token,
              issued_token_type: TOKEN,
              token_type: 'Bearer',
              expires_in: said.expiresIn ?? 3600,
            },
          ]
        : [said.status, { error: said.error, error_description: said.description }]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined

  return {
    asked: () => count,
    setAnswer: (next) => {
      answer = next
    },
    writeCredentials: async (file) => {
      await writeFile(`${file}.subject`, 'a subject')
      await writeFile(
        file,
        JSON.stringify({
          type: 'external_account',
          audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: `http://127.0.0.1:${port}/v1/token`,
          credential_source: { file: `${file}.subject` },
        }),
      )
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
