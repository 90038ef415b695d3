import { Command } from 'commander'
import { indexBuildCommand } from './index-build.ts'
import { indexExportCommand } from './index-export.ts'
import { indexStatsCommand } from './index-stats.ts'
import { indexUpdateCommand } from './index-update.ts'
import type { Exit, Terminal } from './terminal.ts'

/** `swath index …`: the index that SWATH_CATALOG=sqlite:<file> reads. */
export const indexCommand = (terminal: Terminal, finish: (exit: Exit) => void): Command =>
  new Command('index')
    .description('Build an index of the archive, keep it current, export it, and tell what it holds.')
    .addCommand(indexBuildCommand(terminal, finish))
    .addCommand(indexUpdateCommand(terminal, finish))
    .addCommand(indexExportCommand(terminal, finish))
    .addCommand(indexStatsCommand(terminal, finish))
