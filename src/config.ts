import { availableParallelism } from 'node:os'
import leven from 'leven'
import { z } from 'zod'
import { Fault, type ParameterError } from './errors.ts'
import { LOG_FORMS, type LogForm } from './seeing/port.ts'
import { MOST_SHARDS } from './shard.ts'

const PUBLIC_BUCKET = 'gcp-public-data-sentinel-2'
const PUBLIC_TABLE = 'bigquery-public-data.cloud_storage_geo_index.sentinel_2_index'
const GIB = 2 ** 30

/** What the environment asks for, defaults filled in. */
export type Config = {
  readonly catalog:
    | { readonly kind: 'sample' }
    | { readonly kind: 'sqlite'; readonly file: string }
    | { readonly kind: 'bigquery' }
    | { readonly kind: 'bucket' }
  readonly storage:
    | { readonly kind: 'sample' }
    | { readonly kind: 'folder'; readonly folder: string }
    | { readonly kind: 'gcs'; readonly bucket: string }
  readonly storeFile: string
  readonly storageEndpoint: string | undefined
  readonly bigqueryEndpoint: string | undefined
  readonly bigqueryTable: string
  readonly bigqueryTableL2A: string | undefined
  readonly googleProject: string | undefined
  readonly maxBytesBilled: number
  /** Whether to go without credentials; undefined: only for the public bucket. */
  readonly anonymous: boolean | undefined
  readonly listConcurrency: number
  readonly readConcurrency: number
  readonly decodeThreads: number
  /** Of `swath serve`, over one index and one store. */
  readonly processes: number
  /** How many there are where the scheduler tells only which one this is; undefined: it tells both. */
  readonly shards: number | undefined
  /** Of one call to Google, milliseconds. */
  readonly deadlineMs: number
  /** Requests under way in all, and of one client. */
  readonly requests: number
  readonly clientRequests: number
  /** Proxies in front that each add an address to X-Forwarded-For. */
  readonly trustedProxies: number
  /** `file:<path>`, or hashed keys with commas between them; undefined: keys are not looked at. */
  readonly apiKeys: string | undefined
  /** That an answer has to begin, and its reader to take more of it, milliseconds. */
  readonly requestDeadlineMs: number
  /** That answers under way have to end once the service is told to stop, milliseconds. */
  readonly stopMs: number
  /** The address that links carry, `https://host[:port]`; undefined: that of each request. */
  readonly baseUrl: string | undefined
  /** Undefined: text on a terminal, failures alone elsewhere. */
  readonly log: LogForm | undefined
  /** Where traces go, the base address of an OTLP collector; undefined: there are none. */
  readonly otlpEndpoint: string | undefined
  readonly serviceName: string
  /** Of the requests whose client does not say, the share that is traced, 0 to 1. */
  readonly traceShare: number
  readonly host: string
  readonly port: number
}

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'is not a whole number')
    .transform(Number)
    .refine((n) => n >= least && n <= most, `is not between ${least} and ${most}`)

const table = z.string().regex(/^[\w-]+(:[\w-]+)?\.\w+\.[\w-]+$/, 'is not project.dataset.table')
const baseUrl = z
  .url({ protocol: /^https?$/, error: 'is not an http or https URL' })
  .refine((url) => !/[?#]/.test(url), 'is not a base URL: it has a query or a fragment')
  .transform((url) => url.replace(/\/+$/, ''))

const environment = z.object({
  SWATH_CATALOG: z
    .string()
    .regex(/^(sample|bigquery|bucket|sqlite:.+)$/, 'is none of sample, sqlite:<file>, bigquery, bucket')
    .default('sample'),
  SWATH_STORAGE: z
    .string()
    .regex(
      /^(sample|folder:.+|gs:\/\/[a-z0-9][\w.-]+\/?)$/,
      'is none of sample, folder:<folder>, gs://<bucket>',
    )
    .optional(),
  SWATH_STORE: z
    .string()
    .regex(/^sqlite:.+$/, 'is not sqlite:<file>')
    .default('sqlite:.swath/store.sqlite'),
  SWATH_STORAGE_ENDPOINT: baseUrl.optional(),
  SWATH_BIGQUERY_ENDPOINT: baseUrl.optional(),
  SWATH_BIGQUERY_TABLE: table.default(PUBLIC_TABLE),
  SWATH_BIGQUERY_TABLE_L2A: table.optional(),
  SWATH_GOOGLE_PROJECT: z.string().optional(),
  SWATH_MAX_BYTES_BILLED: whole(1, Number.MAX_SAFE_INTEGER).default(20 * GIB),
  SWATH_ANONYMOUS: z.enum(['true', 'false'], 'is neither true nor false').optional(),
  SWATH_LIST_CONCURRENCY: whole(1, 10_000).default(32),
  SWATH_READ_CONCURRENCY: whole(1, 10_000).default(64),
  SWATH_DECODE_THREADS: whole(1, 256).default(availableParallelism()),
  SWATH_PROCESSES: whole(1, 64).default(1),
  SWATH_SHARDS: whole(1, MOST_SHARDS).optional(),
  SWATH_DEADLINE_MS: whole(1, 3_600_000).default(10_000),
  SWATH_REQUESTS: whole(1, 1_000_000).default(1000),
  SWATH_CLIENT_REQUESTS: whole(1, 1_000_000).default(250),
  SWATH_TRUSTED_PROXIES: whole(0, 10).default(0),
  SWATH_API_KEYS: z.string().optional(),
  SWATH_REQUEST_DEADLINE_MS: whole(1, 3_600_000).default(60_000),
  SWATH_STOP_MS: whole(0, 3_600_000).default(8000),
  SWATH_BASE_URL: baseUrl
    .refine((url) => URL.parse(url)?.origin === url.toLowerCase(), 'is more than a scheme, a host and a port')
    .optional(),
  SWATH_LOG: z.enum(LOG_FORMS, `is none of ${LOG_FORMS.join(', ')}`).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: baseUrl.optional(),
  OTEL_SERVICE_NAME: z.string().default('swath'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|0?\.\d+|1\.0+|0\.\d+)$/, 'is not a share between 0 and 1')
    .transform(Number)
    .default(1),
  K_SERVICE: z.string().optional(),
  GAE_SERVICE: z.string().optional(),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole(0, 65_535).default(8080),
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
})

/**
 * Reads the configuration from the environment; an empty variable counts as not set.
 * @throws {Fault} misconfigured, naming every fault at once
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const unknown = Object.keys(set).filter((name) => name.startsWith('SWATH_') && !(name in environment.shape))
  const parsed = environment.safeParse(set)
  const faults: ParameterError[] = [
    ...(parsed.error?.issues ?? []).map(({ path: [name], message }) => ({
      parameter: String(name),
      message: `${String(name)}=${set[String(name)]} ${message}`,
    })),
    ...unknown
      .filter((name) => !OTHERS.has(name))
      .map((name) => ({ parameter: name, message: strange(name) })),
  ]
  if (!parsed.success || faults.length > 0) {
    const sentence = `The configuration is wrong: ${faults.map(({ message }) => message).join('; ')}.`
    throw new Fault('misconfigured', sentence, { errors: faults })
  }
  return toConfig(parsed.data)
}

/**
 * The configuration of whoever reads the archive's bucket itself: without SWATH_STORAGE that is the public one,
 * whatever the catalog; the sample's drawn images only where it is named.
 * @throws {Fault} as readConfig
 */
export function readBucketConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const config = readConfig(env)
  return env.SWATH_STORAGE ? config : { ...config, storage: { kind: 'gcs', bucket: PUBLIC_BUCKET } }
}

/** Read by the tests, not by the program. */
const OTHERS: ReadonlySet<string> = new Set([
  'SWATH_REAL_DATA',
  'SWATH_STAC_SCHEMAS',
  'SWATH_FUZZ_SEED',
  'SWATH_FUZZ_REQUESTS',
])

function strange(name: string): string {
  const nearest = Object.keys(environment.shape).sort((a, b) => distance(name, a) - distance(name, b))[0]
  return `${name} is no variable of swath (did you mean ${nearest}?)`
}

/** The prefix tells nothing, and a part of a name means that name: SWATH_HOST, SWATH_DEADLINE. */
function distance(name: string, known: string): number {
  const [bare, other] = [name.replace(/^SWATH_/, ''), known.replace(/^SWATH_/, '')]
  if (bare === other) return 0
  return other.includes(bare) ? 1 : leven(bare, other)
}

function toConfig(env: z.infer<typeof environment>): Config {
  const catalog = env.SWATH_CATALOG
  const storage = env.SWATH_STORAGE ?? (catalog === 'sample' ? 'sample' : `gs://${PUBLIC_BUCKET}`)
  return {
    catalog: catalogOf(catalog),
    storage: storageOf(storage),
    storeFile: env.SWATH_STORE.slice('sqlite:'.length),
    storageEndpoint: env.SWATH_STORAGE_ENDPOINT,
    bigqueryEndpoint: env.SWATH_BIGQUERY_ENDPOINT,
    bigqueryTable: env.SWATH_BIGQUERY_TABLE,
    bigqueryTableL2A: env.SWATH_BIGQUERY_TABLE_L2A,
    googleProject: env.SWATH_GOOGLE_PROJECT ?? env.GOOGLE_CLOUD_PROJECT,
    maxBytesBilled: env.SWATH_MAX_BYTES_BILLED,
    anonymous: env.SWATH_ANONYMOUS === undefined ? undefined : env.SWATH_ANONYMOUS === 'true',
    listConcurrency: env.SWATH_LIST_CONCURRENCY,
    readConcurrency: env.SWATH_READ_CONCURRENCY,
    decodeThreads: env.SWATH_DECODE_THREADS,
    processes: env.SWATH_PROCESSES,
    shards: env.SWATH_SHARDS,
    deadlineMs: env.SWATH_DEADLINE_MS,
    requests: env.SWATH_REQUESTS,
    clientRequests: env.SWATH_CLIENT_REQUESTS,
    trustedProxies: env.SWATH_TRUSTED_PROXIES,
    apiKeys: env.SWATH_API_KEYS,
    requestDeadlineMs: env.SWATH_REQUEST_DEADLINE_MS,
    stopMs: env.SWATH_STOP_MS,
    baseUrl: env.SWATH_BASE_URL,
    // Cloud Run and App Engine set these, and read lines of JSON.
    log: env.SWATH_LOG ?? (env.K_SERVICE || env.GAE_SERVICE ? 'json' : undefined),
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: env.OTEL_SERVICE_NAME,
    traceShare: env.OTEL_TRACES_SAMPLER_ARG,
    host: env.HOST,
    port: env.PORT,
  }
}

function catalogOf(text: string): Config['catalog'] {
  if (text === 'sample' || text === 'bigquery' || text === 'bucket') return { kind: text }
  return { kind: 'sqlite', file: text.slice('sqlite:'.length) }
}

function storageOf(text: string): Config['storage'] {
  if (text === 'sample') return { kind: 'sample' }
  if (text.startsWith('folder:')) return { kind: 'folder', folder: text.slice('folder:'.length) }
  return { kind: 'gcs', bucket: text.slice('gs://'.length).replace(/\/$/, '') }
}

/** Whether calls to this bucket go without credentials. */
export const isAnonymous = ({ anonymous }: Config, bucket: string): boolean =>
  anonymous ?? bucket === PUBLIC_BUCKET
