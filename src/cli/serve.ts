import { Command } from 'commander'
import { type Config, readConfig } from '../config.ts'
import { atPortOfAll, isOneOfSeveral, superviseProcesses } from '../processes.ts'
import { supervisorPart } from '../seeing/supervisor-part.ts'
import type { serveOne as ServeOne } from './serve-one.ts'
import { EXIT, type Exit, type Terminal } from './terminal.ts'

/** Milliseconds that a process of several gets to close its house, when its answers had their time to end. */
const PATIENCE_MS = 2000

/** `swath serve`: the service, until it is told to stop. */
export function serveCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  return new Command('serve')
    .description('Serve HTTP on HOST and PORT, in SWATH_PROCESSES processes.')
    .action(async () => {
      const config = readConfig(terminal.env)
      const stop = toldToStop()
      if (isOneOfSeveral()) {
        await atPortOfAll(config.port, config.host, (port) =>
          serveHere({ ...partOf(config), port }, stop, async () => {}),
        )
      } else {
        const greet = (port: number) =>
          terminal.output.write(greeting(urlOf(config.host, port), config.catalog.kind === 'sample'))
        await (config.processes > 1
          ? serveSeveral(terminal, config, stop, greet)
          : serveHere(config, stop, greet))
      }
      finish(EXIT.done)
    })
}

/** The service itself is loaded where it is run: those who only look after others need none of it. */
async function serveHere(...given: Parameters<typeof ServeOne>): Promise<void> {
  const { serveOne } = await import('./serve-one.ts')
  await serveOne(...given)
}

/** Serves in processes that share the port, the index and the store, and looks after them. */
async function serveSeveral(
  { stderr }: Terminal,
  config: Config,
  stop: AbortSignal,
  greet: (port: number) => Promise<void>,
): Promise<void> {
  await superviseProcesses({
    count: config.processes,
    stop,
    graceMs: config.stopMs + PATIENCE_MS,
    onListening: (port) => void greet(port).catch(() => {}),
    onLost: (sentence) => stderr.write(`swath: ${sentence}\n`),
    part: supervisorPart,
  })
}

/** Aborts at a signal to stop, for good: npm sends a second one after the terminal's own. */
function toldToStop(): AbortSignal {
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  return stop.signal
}

/** What one process may do of what is bounded for the whole service. */
function partOf(config: Config): Config {
  const part = (bound: number) => Math.max(1, Math.ceil(bound / config.processes))
  return {
    ...config,
    listConcurrency: part(config.listConcurrency),
    readConcurrency: part(config.readConcurrency),
    decodeThreads: part(config.decodeThreads),
  }
}

/** Where this machine itself reaches the service; an address that means all of its own means loopback here. */
function urlOf(host: string, port: number): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

const greeting = (url: string, isSample: boolean): string => `swath is serving on ${url}. Three things to try:
  curl '${url}/area?lat1=55.660797&lng1=12.5896&lat2=55.663369&lng2=12.584670'
  curl '${url}/area?bbox=11.8,54.9,14,56&rank=blue&bands=TCI&format=uris&limit=20'
  curl ${isSample ? pictureOf(url) : `'${url}/estimate?bbox=11.8,54.9,14,56'`}
`

/** The sample has a granule to show; what another catalog holds is not known here. */
const pictureOf = (url: string): string =>
  `-o algae.png '${url}/granules/L1C_T33UUB_A017537_20200715T102602/preview.png?width=512'`
