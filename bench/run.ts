import { parseArgs } from 'node:util'
import { machine, say } from './figures.ts'
import { FLAGS } from './world.ts'

/*
 * npm run bench                runs all benches one after another
 * npm run bench -- <name> …    runs those named
 * npm run bench -- index --rows 40e6   at another size than the ordinary 4e6
 * npm run bench -- load --minutes 1.5  the mixed part for another time than the ordinary ten minutes
 * npm run bench -- load-start --index <file>   on an index of one's own; BENCH_INDEX names one, too
 * BENCH_SERVER_FLAGS            flags of Node for the servers that are measured
 * Figures go to stdout as Markdown; a target that is missed is printed as such and is no failure, an
 * answer that is wrong is one. bench/RESULTS.md holds a run.
 */

type Bench = () => Promise<void>

const BENCHES: Readonly<Record<string, () => Promise<readonly Bench[]>>> = {
  area: async () => [
    (await import('./area.ts')).benchArea,
    (await import('./clients.ts')).benchClients,
    (await import('./slow-reader.ts')).benchSlowReader,
  ],
  listing: async () => [(await import('./listing.ts')).benchListing],
  catalog: async () => [(await import('./catalog.ts')).benchCatalog],
  colour: async () => [
    (await import('./colour.ts')).benchColour,
    (await import('./colour-files.ts')).benchColourFiles,
    (await import('./colour-memory.ts')).benchColourMemory,
    (await import('./colour-rank.ts')).benchColourRank,
    (await import('./colour-warm.ts')).benchColourWarm,
  ],
  index: async () => {
    const { benchWholeIndex } = await import('./whole-index.ts')
    return [() => benchWholeIndex(rows)]
  },
  load: async () => [await loadAlone(), await loadMixed(), await loadStart()],
  stac: async () => [(await import('./stac.ts')).benchStac, (await import('./page.ts')).benchPage],
}
/** Parts of `area`, `colour`, `load` and `stac`, to be run alone. */
const PARTS: typeof BENCHES = {
  'area-alone': async () => [(await import('./area.ts')).benchArea],
  'area-clients': async () => [(await import('./clients.ts')).benchClients],
  'area-slow-reader': async () => [(await import('./slow-reader.ts')).benchSlowReader],
  'colour-edges': async () => [(await import('./colour-edges.ts')).benchEdges],
  'colour-plot': async () => [(await import('./colour-plot.ts')).benchColourPlot],
  'colour-mean': async () => [(await import('./colour-mean.ts')).benchMean],
  'colour-granule': async () => [(await import('./colour.ts')).benchColour],
  'colour-files': async () => [(await import('./colour-files.ts')).benchColourFiles],
  'colour-memory': async () => [(await import('./colour-memory.ts')).benchColourMemory],
  'colour-rank': async () => [(await import('./colour-rank.ts')).benchColourRank],
  'load-alone': async () => [await loadAlone()],
  'load-mixed': async () => [await loadMixed()],
  'load-start': async () => [await loadStart()],
  'stac-page': async () => [(await import('./page.ts')).benchPage],
  'colour-warm': async () => [(await import('./colour-warm.ts')).benchColourWarm],
}

const all = { ...BENCHES, ...PARTS }
const { values, positionals: asked } = parseArgs({
  options: {
    rows: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    index: { type: 'string' },
  },
  allowPositionals: true,
})
const rows = values.rows === undefined ? undefined : Number(values.rows)
if (rows !== undefined && !(Number.isInteger(rows) && rows > 0)) {
  console.error(`--rows ${values.rows} is no number of rows, as 40e6 is.`)
  process.exit(2)
}
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes ${values.minutes} is no time, as 10 and 1.5 are.`)
  process.exit(2)
}
const unknown = asked.filter((name) => !(name in all))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}.`)
  process.exit(2)
}

machine()
if (FLAGS.length > 0) say(`Servers run with ${FLAGS.join(' ')}.`)
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  for (const bench of (await all[name]?.()) ?? []) await bench()
}
process.exit(0)

/** As many seconds for a row as minutes for the mixed part. */
async function loadAlone(): Promise<Bench> {
  const { benchLoadAlone } = await import('./load-alone.ts')
  return () => benchLoadAlone(Math.max(2, Math.min(minutes, 10)))
}

async function loadMixed(): Promise<Bench> {
  const { benchLoadMixed } = await import('./load-mixed.ts')
  return () => benchLoadMixed(minutes)
}

async function loadStart(): Promise<Bench> {
  const { benchStart } = await import('./start.ts')
  return () => benchStart(values.index)
}
