import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { summariseArea } from '../summarise-area.ts'
import { openHouse } from '../wire.ts'
import { AREA_OPTIONS, type Given, takeArea, WHERE_OPTION } from './area-options.ts'
import { readArea } from './read-area.ts'
import { EXIT, type Exit, type Terminal } from './terminal.ts'

const { limit: _limit, sort: _sort, ...WHICH } = AREA_OPTIONS

/** `swath summary`: the granules of an area counted. */
export function summaryCommand(terminal: Terminal, finish: (exit: Exit) => void): Command {
  const command = new Command('summary')
    .description('Count the granules in a box or polygon by month, tile and cloud cover, as JSON.')
    .addHelpText('after', HELP)
    .action(async (corners: string[], given: Given) => {
      const { search } = await readArea(terminal, corners, given, { purpose: 'count' })
      const house = await openHouse(readConfig(terminal.env))
      try {
        const summary = await summariseArea(house.open().catalog, search, terminal.output.left)
        await terminal.output.write(`${JSON.stringify(summary, null, 2)}\n`)
        finish(EXIT.done)
      } finally {
        await house.close()
      }
    })
  return takeArea(command, [...Object.values(WHICH), WHERE_OPTION])
}

const HELP = `
Nothing is listed. Months are those of sensing, UTC; least_cloud is a percentage; clouds are counted in tens.

Examples:
  swath summary --bbox 12.4,55.5,12.7,55.8 --datetime 2020-01-01/..
  swath summary --intersects @field.geojson --min-coverage 0.9 | jq '.months[] | select(.least_cloud < 5)'

Needs an index on this machine, SWATH_CATALOG=sqlite:<file>, or the embedded sample.`
