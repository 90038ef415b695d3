import { Agent, request } from 'node:http'
import { quantile } from './figures.ts'

/**
 * Clients that ask one address after another for some seconds, each on a connection of its own.
 * @throws where an answer is not 200
 */
export async function askAll(
  clients: number,
  seconds: number,
  next: () => string,
): Promise<{ readonly queriesASecond: number; readonly p50: number; readonly p99: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const took: number[] = []
  const warm = performance.now() + 2000
  const end = warm + seconds * 1000
  const client = async () => {
    while (performance.now() < end) {
      const start = performance.now()
      await get(agent, next())
      if (start > warm) took.push(performance.now() - start)
    }
  }
  try {
    await Promise.all(Array.from({ length: clients }, client))
  } finally {
    agent.destroy()
  }
  return { queriesASecond: took.length / seconds, p50: quantile(took, 0.5), p99: quantile(took, 0.99) }
}

function get(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (answer) => {
      answer.resume()
      answer.on('error', reject)
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${url} answered ${answer.statusCode}.`)),
      )
    })
      .on('error', reject)
      .end()
  })
}
