import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { amount } from '../amount.ts'
import { readConfig } from '../config.ts'
import { Fault } from '../errors.ts'
import { type ExportReport, exportColours, refuseOtherForms } from '../export-colours.ts'
import { openStoreOf } from '../wire.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'

/** `swath colours …`: what was remembered of the granules' colours. */
export function coloursCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const exporting = new Command('export')
    .description('Write all remembered colours into a file, a row for each granule and sampling.')
    .requiredOption('--to <file>', 'the file to make or replace: .parquet, .csv or .ndjson')
    .action(async ({ to }: { to: string }) => {
      const { unreadable } = await exportTo(terminal, to)
      finish(unreadable > 0 ? EXIT.partial : EXIT.done)
    })
  return new Command('colours').description('The colours in the store (SWATH_STORE).').addCommand(exporting)
}

async function exportTo(terminal: Terminal, to: string): Promise<ExportReport> {
  const config = readConfig(terminal.env)
  refuseOtherForms(to)
  // Opening would make one, which no user of an export wants.
  if (!existsSync(config.storeFile)) throw noStore(config.storeFile)
  const store = openStoreOf(config)
  const progress = createProgress(terminal)
  const onProgress = (colours: number) => progress.show(`${amount(colours, 'colour')}`)
  try {
    const report = await untilStopped((signal) => exportColours({ store, to, signal, onProgress }))
    progress.clear()
    terminal.stderr.write(sentences(report, to, config.storeFile))
    return report
  } finally {
    progress.clear()
    store.close()
  }
}

function noStore(file: string): Fault {
  const sentence =
    `There is no store ${file}, so there is nothing to export. ` +
    'Name one in SWATH_STORE=sqlite:<file>; swath warm makes and fills it.'
  return new Fault('misconfigured', sentence)
}

function sentences({ colours, unreadable }: ExportReport, to: string, store: string): string {
  const lines =
    colours === 0
      ? [`${to}: no rows, since the store ${store} remembers no colours; swath warm fills it`]
      : [`${to}: ${amount(colours, 'colour')} of the store ${store}`]
  if (unreadable > 0)
    lines.push(`left out, since they hold no colour: ${amount(unreadable, 'row')} of the store`)
  return `${lines.join('\n')}\n`
}
