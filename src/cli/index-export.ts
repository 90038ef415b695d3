import { Command } from 'commander'
import { amount } from '../amount.ts'
import { isByRank, SORTS, type Sort } from '../catalog/port.ts'
import type { ParameterError } from '../errors.ts'
import { type ExportOptions, type ExportReport, exportIndex, refuseOtherForms } from '../export-index.ts'
import { AREA_OPTIONS, type Given, gather, takeArea } from './area-options.ts'
import { readArea } from './read-area.ts'
import { createProgress, EXIT, type Exit, type Terminal } from './terminal.ts'
import { untilStopped } from './until-stopped.ts'

const OPTIONS = [
  AREA_OPTIONS.bbox,
  AREA_OPTIONS.intersects,
  AREA_OPTIONS.datetime,
  AREA_OPTIONS.cloud,
  ['--level <level>', 'only this processing level: L1C, L2A (default: both)'],
  AREA_OPTIONS.tiles,
  ['--dedupe <how>', 'products of one acquisition: latest, none (default: none)'],
  AREA_OPTIONS.relation,
  AREA_OPTIONS.minCoverage,
  AREA_OPTIONS.since,
  AREA_OPTIONS.best,
  [
    '--sort <order>',
    `${SORTS.filter((order) => !isByRank(order)).join(', ')} (default: by tile, newest first)`,
  ],
] as const

/** `swath index export`: granules of an index as a file for other tools. */
export function indexExportCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('export')
    .description('Write the granules of an index, all or those of an area, into a file for other tools.')
    .argument('<file>', 'the index')
    .requiredOption(
      '--to <file>',
      'the file to make or replace: .parquet (GeoParquet), .csv or .ndjson',
      gather,
    )
    .addHelpText('after', HELP)
    .action(async (file: string, corners: string[], { to: targets = [], ...given }: Given) => {
      const [to = ''] = targets
      refuseOtherForms(to)
      const order = SORTS.find((name) => name === given.sort?.[0]?.trim().replace(/^\+/, ''))
      const faults = [
        ...(targets.length > 1 ? [twice(targets)] : []),
        ...(isByRank(order) ? [BY_RANK] : []),
        ...(hasArea(corners, given) ? [] : areaFaults(given, order)),
      ]
      // An export is of the index as it stands: nothing is left out that is not asked to be.
      const { sort, ...others } = given
      const asked = { dedupe: ['none'], ...others, ...(sort && !isByRank(order) ? { sort } : {}) }
      const { search } = await readArea(terminal, corners, asked, { form: 'any', faults })
      await exportTo(terminal, { file, to, asked: { search, level: given.level && search.level } })
      finish(EXIT.done)
    })
  return takeArea(command, OPTIONS)
}

const HELP = `
Without an area everything is written, both levels and all products of an acquisition. The CSV has the form of the
archive's own index, so swath index build makes the same index of it again; the others have a column coverage where
there is an area. The GeoParquet file holds the footprints.

Examples:
  swath index export archive.sqlite --to archive.parquet
  swath index export archive.sqlite --bbox 8,54.5,12.8,57.8 --cloud 20 --best tile,month --to denmark.parquet
  swath index export archive.sqlite --intersects @field.geojson --min-coverage 1 --to field.ndjson`

const twice = ({ length }: readonly string[]) => ({
  parameter: 'to',
  message: `to is given ${length} times`,
})

const BY_RANK: ParameterError = {
  parameter: 'sort',
  message: 'sort by rank is not for export: an index knows no colours; swath area --rank has it',
}

const hasArea = (corners: readonly string[], { bbox, intersects }: Given): boolean =>
  corners.length > 0 || bbox !== undefined || intersects !== undefined

/** What says something of the area, where there is none. */
function areaFaults({ minCoverage, relation }: Given, order: Sort | undefined): ParameterError[] {
  const named: ParameterError[] = []
  const name = (parameter: string, what = parameter) =>
    named.push({ parameter, message: `${what} needs an area: corners, --bbox or --intersects` })
  if (minCoverage) name('min-coverage')
  if (relation) name('relation')
  if (order === 'coverage' || order === '-coverage') name('sort', 'sort by coverage')
  return named
}

async function exportTo(
  terminal: Terminal,
  options: Pick<ExportOptions, 'file' | 'to' | 'asked'>,
): Promise<void> {
  const progress = createProgress(terminal)
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const onProgress = (granules: number) => {
    progress.show(`${amount(granules, 'granule')}, ${Math.round(granules / seconds())} a second`)
  }
  try {
    const report = await untilStopped((signal) => exportIndex({ ...options, signal, onProgress }))
    progress.clear()
    terminal.stderr.write(sentence(report, options.to, seconds()))
  } finally {
    progress.clear()
  }
}

const sentence = ({ granules, bytes }: ExportReport, to: string, seconds: number): string =>
  `${to}: ${amount(granules, 'granule')} in ${amount(bytes, 'byte')}, ${seconds.toFixed(1)} s\n`
