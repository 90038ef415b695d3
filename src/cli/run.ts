import { Command, CommanderError } from 'commander'
import { Fault, type FaultCode } from '../errors.ts'
import { areaCommand } from './area.ts'
import { coloursCommand } from './colours.ts'
import { indexCommand } from './index-commands.ts'
import { serveCommand } from './serve.ts'
import { summaryCommand } from './summary.ts'
import { createOutput, EXIT, type Exit, PipeClosed, type Streams, type Terminal } from './terminal.ts'
import { warmCommand } from './warm.ts'

const EXIT_OF = {
  'bad-request': EXIT.usage,
  'not-found': EXIT.failed,
  'no-colour': EXIT.failed,
  'bad-image': EXIT.failed,
  misconfigured: EXIT.failed,
  'area-too-large': EXIT.usage,
  'upstream-failed': EXIT.failed,
  'upstream-late': EXIT.failed,
  'upstream-busy': EXIT.failed,
  'over-budget': EXIT.failed,
  cancelled: EXIT.failed,
} as const satisfies Record<FaultCode, Exit>

/** Runs one command; the number is the exit code. */
export async function runCli({ stdout, ...streams }: Streams): Promise<number> {
  const showsProgress = streams.stderr.isTTY === true && stdout.isTTY !== true
  const terminal: Terminal = { ...streams, output: createOutput(stdout), showsProgress }
  const help: string[] = []
  let exit: Exit = EXIT.done
  const finish = (code: Exit) => {
    exit = code
  }
  const program = new Command('swath')
    .description('Sentinel-2 imagery catalog: from a box on the map to the images of the public archive.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => help.push(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError(hintOf('swath'))
  const commands = [serveCommand, areaCommand, summaryCommand, warmCommand, coloursCommand, indexCommand]
  for (const make of commands) program.addCommand(make(terminal, finish))
  for (const command of withChildren(program)) {
    command
      .copyInheritedSettings(program)
      .exitOverride()
      .showHelpAfterError(hintOf(nameOf(command)))
  }
  try {
    await program.parseAsync(terminal.argv, { from: 'user' })
    return exit
  } catch (thrown) {
    const asked = thrown instanceof CommanderError && thrown.exitCode === 0
    return asked ? await tell(help.join(''), terminal) : exitAfter(thrown, terminal)
  }
}

/** Help that was asked for is data. */
async function tell(text: string, terminal: Terminal): Promise<Exit> {
  try {
    await terminal.output.write(text)
    return EXIT.done
  } catch (thrown) {
    return exitAfter(thrown, terminal)
  }
}

const hintOf = (name: string): string => `(${name} --help tells more)`
/** `swath index build`. */
const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()

const withChildren = (command: Command): Command[] =>
  command.commands.flatMap((child) => [child, ...withChildren(child)])

function exitAfter(thrown: unknown, { stderr }: Terminal): Exit {
  if (thrown instanceof PipeClosed) return EXIT.done
  if (thrown instanceof CommanderError) return EXIT.usage
  if (thrown instanceof Fault) {
    stderr.write(`swath: ${thrown.message}\n`)
    return EXIT_OF[thrown.code]
  }
  stderr.write(
    `swath: something is broken here: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`,
  )
  return EXIT.failed
}
