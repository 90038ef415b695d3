import { Command } from 'commander'
import { amount } from '../amount.ts'
import { mergeStores } from '../merge-stores.ts'
import type { MergedRows, MergeReport } from '../store/port.ts'
import { storeMerge } from '../wire.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'

/** `swath store …`: files of what is remembered. */
export function storeCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const merging = new Command('merge')
    .description('Put what stores remember into one: colours, listings, places of tile-parts.')
    .argument('<into>', 'file of the store that takes; made where there is none')
    .argument('<from...>', 'files of the stores that it takes from, which stay as they are')
    .addHelpText('after', HELP)
    .action(async (into: string, from: string[]) => {
      const reports = await merge(terminal, fileOf(into), from.map(fileOf))
      finish(reports.some(isLacking) ? EXIT.partial : EXIT.done)
    })
  return new Command('store')
    .description('Files of stores (SWATH_STORE names the one in use).')
    .addCommand(merging)
}

const HELP = `
Of two colours of a granule and sampling that of the newer method stays; of what is remembered alike, the one that was
there. All stores are checked before anything is taken, and each commit leaves a whole store: a merge that was killed
is mended by the same command, and a second run takes nothing. Stores that are in use may be merged, and merged into.

Examples:
  swath store merge all.sqlite shard-*.sqlite
  swath store merge .swath/store.sqlite /mnt/other/store.sqlite

Exit code: 0 done, 1 a store cannot be used, 2 wrong usage, 3 rows were left out since they hold nothing.`

/** A store may be written as SWATH_STORE is. */
const fileOf = (text: string): string => text.replace(/^sqlite:(?=.)/, '')

async function merge(terminal: Terminal, into: string, from: readonly string[]): Promise<MergeReport[]> {
  const progress = createProgress(terminal)
  try {
    const reports = await untilStopped((signal) =>
      mergeStores({
        merge: storeMerge,
        into,
        from,
        signal,
        onStep: (file, step) => progress.show(`${file}: ${step.taken} ${NAMES[step.of]}`),
      }),
    )
    progress.clear()
    for (const report of reports) terminal.stderr.write(sentence(report))
    return reports
  } finally {
    progress.clear()
  }
}

const NAMES = { colour: 'colours', listing: 'listings', layout: 'places of tile-parts' } as const

function sentence({ from, colours, listings, layouts }: MergeReport): string {
  const told = [
    portion(colours, NAMES.colour),
    portion(listings, NAMES.listing),
    portion(layouts, NAMES.layout),
  ]
  const unsound = colours.unsound + listings.unsound + layouts.unsound
  const leftOut =
    unsound > 0 ? `; left out, since they hold nothing that could be used: ${amount(unsound, 'row')}` : ''
  return `${from}: took ${told.join(', ')}; the others were there${leftOut}\n`
}

const portion = ({ taken, rows }: MergedRows, name: string): string => `${taken} of ${rows} ${name}`

const isLacking = ({ colours, listings, layouts }: MergeReport): boolean =>
  colours.unsound + listings.unsound + layouts.unsound > 0
