import { Command, CommanderError } from 'commander'
import { Fault, type FaultCode } from '../errors.ts'
import { createOutput, EXIT, type Exit, PipeClosed, type Streams, type Terminal } from './terminal.ts'

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
  'too-many': EXIT.failed,
  overloaded: EXIT.failed,
  cancelled: EXIT.failed,
} as const satisfies Record<FaultCode, Exit>

type MakeCommand = (terminal: Terminal, finish: (exit: Exit) => void) => Command

/** Each is loaded where it is needed: what serves shall not hold what builds an index. */
const COMMANDS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  area: async () => (await import('./area.ts')).areaCommand,
  summary: async () => (await import('./summary.ts')).summaryCommand,
  warm: async () => (await import('./warm.ts')).warmCommand,
  colours: async () => (await import('./colours.ts')).coloursCommand,
  store: async () => (await import('./store.ts')).storeCommand,
  index: async () => (await import('./index-commands.ts')).indexCommand,
}

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
  for (const make of await commandsFor(terminal.argv)) program.addCommand(make(terminal, finish))
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

/** The command that is named, or all of them, for help and for what is near to a wrong name. */
function commandsFor([name = '']: readonly string[]): Promise<readonly MakeCommand[]> {
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  return Promise.all(named ? [named()] : Object.values(COMMANDS).map((load) => load()))
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
