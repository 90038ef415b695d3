import { globSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Temporary, temporaryFolder } from '../temporary.ts'
import { type ManyGranules, openManyGranules } from './many-granules.ts'
import { startShell, startSwath, swath } from './swath.ts'

const BOX = ['--bbox', '11,54,15,57']
const SAMPLE = join(import.meta.dirname, '../../sample/bucket')

const line = z.strictObject({
  granule_id: z.string(),
  product_id: z.string(),
  outcome: z.enum(['done', 'cached', 'failed']),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .nullable(),
  red: z.number().nullable(),
  green: z.number().nullable(),
  blue: z.number().nullable(),
  valid: z.number().nullable(),
  sampled: z.number().nullable(),
  stride: z.number().nullable(),
  source: z.enum(['bands', 'preview']),
  reason: z.string().nullable(),
})
const stage = z.object({ ms: z.number().nonnegative() })
const report = z.strictObject({
  area: z.array(z.number()),
  level: z.string(),
  shard: z.string().nullable(),
  source: z.string(),
  stride: z.number().nullable(),
  done: z.number(),
  cached: z.number(),
  failed: z.array(z.strictObject({ granule_id: z.string(), product_id: z.string(), reason: z.string() })),
  seconds: z.number().positive(),
  granules_per_second: z.number().nonnegative(),
  stages: z.strictObject({
    search: stage,
    list: stage,
    read: stage.extend({ reads: z.number(), bytes: z.number() }),
    decode: stage.extend({ cpu_ms: z.number() }),
    store: stage,
  }),
  threads: z.number(),
  granules_in_flight: z.number(),
  bound_by: z.string().nullable(),
  stopped: z.string().nullable(),
})

const linesOf = (stdout: string) =>
  stdout === ''
    ? []
    : stdout
        .trimEnd()
        .split('\n')
        .map((text) => line.parse(JSON.parse(text)))
const outcomesOf = (stdout: string) => linesOf(stdout).map(({ outcome }) => outcome)
const reportIn = async (file: string) => report.parse(JSON.parse(await readFile(file, 'utf8')))

let folder: Temporary
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const storeEnv = (name: string) => ({ SWATH_STORE: `sqlite:${join(folder.path, name)}` })

describe('swath warm on the sample', () => {
  test('makes the colours of an area, and says cached the second time', async () => {
    const file = join(folder.path, 'report.json')
    const env = storeEnv('sample.sqlite')
    const argv = ['warm', ...BOX, '--limit', '2', '--granules', '3', '--threads', '1', '--report', file]
    const first = await swath(argv, env)
    expect(first.code).toBe(0)
    expect(outcomesOf(first.stdout)).toEqual(Array(9).fill('done'))
    const [newest] = linesOf(first.stdout).filter(({ granule_id }) => granule_id.includes('20250425'))
    expect(newest).toMatchObject({
      stride: 16,
      source: 'bands',
      reason: null,
      valid: expect.closeTo(0.86, 1),
    })
    expect(newest?.red).toBeCloseTo(0.152, 2)
    expect(first.stderr).toMatch(
      /^warm: 9 granules in 11,54,15,57: 9 done, 0 cached, 0 failed, in \S+ s: \S+ made a second, bound by \w+\n$/,
    )
    expect(await reportIn(file)).toMatchObject({
      area: [11, 54, 15, 57],
      level: 'L1C',
      source: 'bands',
      stride: 16,
      done: 9,
      cached: 0,
      failed: [],
      stages: { read: { reads: 27 } },
      threads: 1,
      granules_in_flight: 3,
      stopped: null,
    })

    const second = await swath(argv, env)
    expect(second.code).toBe(0)
    expect(outcomesOf(second.stdout)).toEqual(Array(9).fill('cached'))
    expect(linesOf(second.stdout).find(({ granule_id }) => granule_id === newest?.granule_id)).toEqual({
      ...newest,
      outcome: 'cached',
    })
    expect(await reportIn(file)).toMatchObject({
      done: 0,
      cached: 9,
      stages: { read: { reads: 0, bytes: 0 } },
    })
    expect((await readdir(folder.path)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('takes the preview, and stops after so many', async () => {
    const argv = ['warm', '55.660797', '12.5896', '55.663369', '12.58467', '--source', 'preview', '-n', '2']
    const { code, stdout } = await swath(argv, storeEnv('preview.sqlite'))
    expect([code, linesOf(stdout).map(({ source, stride }) => [source, stride])]).toEqual([
      0,
      Array(2).fill(['preview', null]),
    ])
  })

  test('of an area without granules is done at once', async () => {
    const { code, stdout, stderr } = await swath(
      ['warm', '--bbox', '-40,-40,-39,-39'],
      storeEnv('none.sqlite'),
    )
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(/^warm: 0 granules in -40,-40,-39,-39: 0 done, 0 cached, 0 failed, in \S+ s\n$/)
  })

  test('tells what failed and why, and exits 3 when it is some and 1 when it is all', async () => {
    const bucket = join(folder.path, 'bucket')
    await cp(SAMPLE, bucket, { recursive: true })
    const [cut = ''] = globSync('tiles/33/V/UC/**/IMG_DATA/*_B03.jp2', { cwd: bucket }).sort()
    await truncate(join(bucket, cut), 9000)
    const [lost = ''] = globSync('tiles/33/U/VB/**/IMG_DATA/*_B02.jp2', { cwd: bucket }).sort()
    await rm(join(bucket, lost))
    const env = { ...storeEnv('failures.sqlite'), SWATH_STORAGE: `folder:${bucket}` }
    const file = join(folder.path, 'failures.json')

    const some = await swath(['warm', ...BOX, '--report', file], env)
    expect(some.code).toBe(3)
    const failed = linesOf(some.stdout).filter(({ outcome }) => outcome === 'failed')
    const reasons = new Map(failed.map(({ granule_id, reason }) => [granule_id, reason]))
    expect(reasons.size).toBe(2)
    expect(reasons.get(granuleOf(cut))).toContain(cut)
    expect(reasons.get(granuleOf(lost))).toMatch(/B02.*source=preview/)
    expect(failed.every(({ colour, red, valid }) => colour === null && red === null && valid === null)).toBe(
      true,
    )
    const told = await reportIn(file)
    expect(told).toMatchObject({ done: 7, cached: 0, stopped: null })
    expect(told.failed).toEqual(
      failed.map(({ granule_id, product_id, reason }) => ({ granule_id, product_id, reason })),
    )
    expect(some.stderr).toContain(`7 done, 0 cached, 2 failed`)
    expect(some.stderr).toContain(`  ${granuleOf(lost)}: `)

    const alone = await swath(['warm', ...BOX, '--datetime', dayOf(lost)], env)
    expect([alone.code, outcomesOf(alone.stdout)]).toEqual([1, ['failed']])

    const back = await swath(['warm', ...BOX], env)
    expect([back.code, outcomesOf(back.stdout).filter((outcome) => outcome === 'cached').length]).toEqual([
      3, 7,
    ])
  })

  const granuleOf = (key: string) => /GRANULE\/([^/]+)/.exec(key)?.[1] ?? ''
  const dayOf = (key: string) => /_(\d{4})(\d{2})(\d{2})T/.exec(key)?.slice(1, 4).join('-') ?? ''

  test('names all that is wrong, what belongs to swath area, too', async () => {
    const env = storeEnv('wrong.sqlite')
    const wrong = await swath(
      [
        ...['warm', ...BOX, '--bands', 'B02', '--rank', 'blue', '--format=csv', '--granules', '0'],
        ...['--threads', '257', '--stride', '65', '-n', '1', '-n', '2', '--report', 'a', '--report', 'b'],
      ],
      env,
    )
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toMatch(
      /bands is for swath area.*rank is for swath area.*format is for swath area.*max-granules is given 2 times/,
    )
    expect(wrong.stderr).toMatch(
      /granules is not a whole number from 1 to 256; threads is not .* 256; report is given 2 times; stride is/,
    )
    const preview = await swath(['warm', ...BOX, '--source', 'preview', '--stride', '8'], env)
    expect([preview.code, preview.stderr.includes('a preview takes no stride')]).toEqual([2, true])
    const unknown = await swath(['warm', ...BOX, '--thread', '2'], env)
    expect([unknown.code, unknown.stderr.includes('Did you mean --threads?')]).toEqual([2, true])
    const help = await swath(['warm', '--help'], env)
    expect([help.code, help.stdout.includes('--bands')]).toEqual([0, false])
    expect(help.stdout).toMatch(/--report <file>[\s\S]+swath warm --bbox[\s\S]+bound_by/)
  })

  test('a report that cannot be written is told before anything is done', async () => {
    const env = storeEnv('unwritable.sqlite')
    const nowhere = await swath(['warm', ...BOX, '--report', join(folder.path, 'no/such/report.json')], env)
    expect([nowhere.code, nowhere.stdout]).toEqual([1, ''])
    expect(nowhere.stderr).toMatch(/no\/such\/report\.json cannot be written/)
    await mkdir(join(folder.path, 'taken'))
    const taken = await swath(['warm', ...BOX, '--report', join(folder.path, 'taken')], env)
    expect([taken.code, taken.stdout]).toEqual([1, ''])
  })

  test('lines that cannot be written stop it with a sentence, and the report is there', async () => {
    const file = join(folder.path, 'full.json')
    const command = `swath warm ${BOX.join(' ')} --report "${file}" > /dev/full`
    const { code, stderr } = await startShell(command, storeEnv('full.sqlite')).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/swath: The answer cannot be written to standard output: ENOSPC/)
    expect((await reportIn(file)).stopped).toMatch(/cannot be written to standard output/)
  })

  test('in shards makes each granule once, as it is told or as the task of a scheduler', async () => {
    const file = join(folder.path, 'shard.json')
    const whole = await swath(['warm', ...BOX], storeEnv('whole.sqlite'))
    const told = await swath(['warm', ...BOX, '--shard', '1/2', '--report', file], storeEnv('first.sqlite'))
    const task = await swath(['warm', ...BOX], {
      ...storeEnv('second.sqlite'),
      CLOUD_RUN_TASK_INDEX: '1',
      CLOUD_RUN_TASK_COUNT: '2',
    })
    expect(told.stderr).toMatch(/^warm: shard 1\/2, as --shard tells: \d+ tiles\n/)
    expect(task.stderr).toMatch(/^warm: shard 2\/2, as CLOUD_RUN_TASK_INDEX tells: \d+ tiles\n/)
    expect((await reportIn(file)).shard).toBe('1/2')
    const namesIn = (stdout: string) => linesOf(stdout).map(({ granule_id }) => granule_id)
    expect(namesIn(told.stdout).length).toBeGreaterThan(0)
    expect(namesIn(task.stdout).length).toBeGreaterThan(0)
    expect([...namesIn(told.stdout), ...namesIn(task.stdout)].sort()).toEqual(namesIn(whole.stdout).sort())
  })

  test('a shard without tiles is done at once, and one that is none is refused', async () => {
    const none = await swath(['warm', ...BOX, '--tiles', '33UUB', '--shard', '2/2'], storeEnv('none.sqlite'))
    expect(none).toMatchObject({ code: 0, stdout: '' })
    expect(none.stderr).toContain('shard 2/2, as --shard tells: 0 tiles')
    const wrong = await swath(['warm', ...BOX, '--shard', '3/2'], storeEnv('none.sqlite'))
    expect(wrong).toMatchObject({ code: 2 })
    expect(wrong.stderr).toContain('shard is 3 of 2; the first is 1/2, the last 2/2')
    const half = await swath(['warm', ...BOX], { ...storeEnv('none.sqlite'), JOB_COMPLETION_INDEX: '1' })
    expect(half).toMatchObject({ code: 1 })
    expect(half.stderr).toContain('set SWATH_SHARDS')
  })
})

describe('swath warm on an archive some milliseconds away', () => {
  const COUNT = 120
  let many: ManyGranules
  let reference: ReadonlyMap<string, z.infer<typeof line>>
  const WARM = ['warm', '--bbox', '11,54,15,57', '--granules', '4']

  beforeAll(async () => {
    many = await openManyGranules(COUNT, 10)
    const fresh = await swath(WARM, { ...many.env, SWATH_STORE: `sqlite:${join(many.folder, 'reference')}` })
    reference = new Map(linesOf(fresh.stdout).map((one) => [one.granule_id, one]))
  }, 120_000)
  afterAll(() => many.close())

  /** A store of its own for each test. */
  const envOf = (name: string) => ({ ...many.env, SWATH_STORE: `sqlite:${join(many.folder, name)}` })

  test('killed ten times at its work loses nothing that it told, and goes on each time', async () => {
    expect(reference.size).toBe(COUNT)
    const env = envOf('killed.sqlite')
    const told = new Set<string>()
    let killed = 0
    for (let round = 0; round < 10; round++) {
      const { child, saw, ended } = startSwath(WARM, env)
      // Two are killed while they start, the others at some moment after a few were made, so that neither
      // a slow machine makes too few in all nor a fast one makes all of them.
      await (round === 3 || round === 7 ? sleep(40 * round) : saw('"done"', 2))
      await sleep(Math.random() * 20)
      child.kill('SIGKILL')
      const { signal, stdout } = await ended
      killed += signal === 'SIGKILL' ? 1 : 0
      // The last line of a killed process may be cut.
      const lines = linesOf(stdout.slice(0, stdout.lastIndexOf('\n') + 1))
      for (const one of lines) {
        expect({ ...one, outcome: 'done' }).toEqual(reference.get(one.granule_id))
        if (one.outcome === 'done') expect(told.has(one.granule_id)).toBe(false)
        told.add(one.granule_id)
      }
    }
    expect(killed).toBe(10)
    expect(told.size).toBeGreaterThanOrEqual(8 * 2)
    expect(told.size).toBeLessThan(COUNT)

    const last = await swath(WARM, env)
    expect(last.code).toBe(0)
    const lines = linesOf(last.stdout)
    const cached = new Set(lines.flatMap((one) => (one.outcome === 'cached' ? [one.granule_id] : [])))
    expect(told.difference(cached)).toEqual(new Set())
    expect(lines.length).toBe(COUNT)
    for (const one of lines) expect({ ...one, outcome: 'done' }).toEqual(reference.get(one.granule_id))

    many.bucket.reset()
    const again = await swath(WARM, env)
    expect(outcomesOf(again.stdout)).toEqual(Array(COUNT).fill('cached'))
    expect(many.bucket.stats()).toMatchObject({ list: 0, read: 0, bucket: 0 })
  }, 120_000)

  test.for(['SIGINT', 'SIGTERM'] as const)(
    'stopped by %s keeps what it told and writes its report',
    async (name) => {
      const env = envOf(`${name}.sqlite`)
      const file = join(many.folder, `${name}.json`)
      const { child, saw, ended } = startSwath([...WARM, '--report', file], env)
      await saw('"done"')
      child.kill(name)
      const { code, stdout, stderr } = await ended
      expect(code).toBe(1)
      const lines = linesOf(stdout)
      expect(lines.length).toBeLessThan(COUNT)
      expect(await reportIn(file)).toMatchObject({
        done: lines.length,
        failed: [],
        stopped: expect.stringMatching(/^The warm-up was stopped before its end; what was made is kept/),
      })
      expect(stderr).toMatch(/^warm: \d+ granules? in .*\nswath: The warm-up was stopped/)
      const rest = await swath([...WARM, '-n', '30'], env)
      const cached = new Set(
        linesOf(rest.stdout).flatMap((one) => (one.outcome === 'cached' ? [one.granule_id] : [])),
      )
      expect(new Set(lines.map(({ granule_id }) => granule_id)).difference(cached)).toEqual(new Set())
      expect((await readdir(many.folder)).filter((entry) => entry.startsWith('.'))).toEqual([])
    },
  )

  test('whose reader leaves ends quietly, and keeps what it told', async () => {
    const env = envOf('pipe.sqlite')
    const file = join(many.folder, 'pipe.json')
    const command = `(swath ${WARM.join(' ')} --report "${file}"; echo "exit $?" >&2) | head -n 1`
    const { stdout, stderr } = await startShell(command, env).ended
    const [told] = linesOf(stdout)
    expect(stderr).toBe('exit 0\n')
    const { done, stopped } = await reportIn(file)
    expect(done).toBeLessThan(COUNT)
    expect(stopped).toBe('The reader of standard output left.')
    const rest = await swath([...WARM, '-n', '5'], env)
    const same = linesOf(rest.stdout).find(({ granule_id }) => granule_id === told?.granule_id)
    expect(same?.outcome).toBe('cached')
  })

  test('stops after twenty failures of the archive in a row, with the report written', async () => {
    const file = join(many.folder, 'dead.json')
    // The newest eleven granules can be read, and nothing before them.
    many.bucket.setFault(({ kind, url }) =>
      kind === 'read' && !/_201904(2|30)/.test(url) ? { kind: 'status', status: 403 } : undefined,
    )
    const { code, stdout, stderr } = await swath([...WARM, '--report', file], envOf('dead.sqlite'))
    many.bucket.reset()
    const told = await reportIn(file)
    const outcomes = outcomesOf(stdout)
    expect(code).toBe(1)
    // Lines come as granules end: the last success, however late, is followed by the twenty and no more.
    expect(outcomes.slice(outcomes.lastIndexOf('done') + 1)).toEqual(Array(20).fill('failed'))
    expect(told.failed.length).toBe(outcomes.filter((outcome) => outcome === 'failed').length)
    // Of the eleven, three may be in flight beside the last failure.
    expect(told.done).toBe(outcomes.filter((outcome) => outcome === 'done').length)
    expect(told.done).toBeGreaterThanOrEqual(11 - 3)
    expect(told.done).toBeLessThanOrEqual(11)
    expect(told.stopped).toMatch(/^20 granules in a row failed for no reason of their own.*403/)
    expect(stderr).toContain(`swath: ${told.stopped}`)
  })
})
