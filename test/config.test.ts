import { availableParallelism } from 'node:os'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Config, isAnonymous, readBucketConfig, readConfig } from '../src/config.ts'
import { Fault } from '../src/errors.ts'

const PUBLIC_BUCKET = 'gcp-public-data-sentinel-2'

describe('the configuration', () => {
  test('of an empty environment is the sample, on 127.0.0.1:8080', () => {
    expect(readConfig({})).toEqual({
      catalog: { kind: 'sample' },
      storage: { kind: 'sample' },
      storeFile: '.swath/store.sqlite',
      storageEndpoint: undefined,
      bigqueryEndpoint: undefined,
      bigqueryTable: 'bigquery-public-data.cloud_storage_geo_index.sentinel_2_index',
      bigqueryTableL2A: undefined,
      googleProject: undefined,
      maxBytesBilled: 20 * 2 ** 30,
      anonymous: undefined,
      listConcurrency: 32,
      readConcurrency: 64,
      decodeThreads: availableParallelism(),
      processes: 1,
      shards: undefined,
      deadlineMs: 10_000,
      requests: 1000,
      clientRequests: 250,
      trustedProxies: 0,
      apiKeys: undefined,
      requestDeadlineMs: 60_000,
      stopMs: 8000,
      baseUrl: undefined,
      log: undefined,
      otlpEndpoint: undefined,
      serviceName: 'swath',
      traceShare: 1,
      host: '127.0.0.1',
      port: 8080,
    } satisfies Config)
  })

  test('of another catalog takes the images from the public bucket', () => {
    for (const catalog of ['bigquery', 'bucket', 'sqlite:index.sqlite']) {
      expect(readConfig({ SWATH_CATALOG: catalog }).storage).toEqual({ kind: 'gcs', bucket: PUBLIC_BUCKET })
    }
  })

  test('of who reads the bucket itself is the public one, unless SWATH_STORAGE names another', () => {
    const storageOf = (env: Record<string, string>) => readBucketConfig(env).storage
    expect(storageOf({})).toEqual({ kind: 'gcs', bucket: PUBLIC_BUCKET })
    expect(storageOf({ SWATH_STORAGE: '' })).toEqual({ kind: 'gcs', bucket: PUBLIC_BUCKET })
    expect(storageOf({ SWATH_CATALOG: 'sample' })).toEqual({ kind: 'gcs', bucket: PUBLIC_BUCKET })
    expect(storageOf({ SWATH_STORAGE: 'sample' })).toEqual({ kind: 'sample' })
    expect(isAnonymous(readBucketConfig({}), PUBLIC_BUCKET)).toBe(true)
  })

  test('takes every variable', () => {
    const config = readConfig({
      SWATH_CATALOG: 'sqlite:/data/index.sqlite',
      SWATH_STORAGE: 'folder:/data/bucket',
      SWATH_STORE: 'sqlite:/var/store.sqlite',
      SWATH_STORAGE_ENDPOINT: 'http://127.0.0.1:9001/',
      SWATH_BIGQUERY_ENDPOINT: 'https://bigquery.example.org/base',
      SWATH_BIGQUERY_TABLE: 'my-project.my_dataset.l1c',
      SWATH_BIGQUERY_TABLE_L2A: 'my-project.my_dataset.l2a',
      SWATH_GOOGLE_PROJECT: 'mine',
      SWATH_MAX_BYTES_BILLED: '1000',
      SWATH_ANONYMOUS: 'true',
      SWATH_LIST_CONCURRENCY: '5',
      SWATH_READ_CONCURRENCY: '6',
      SWATH_DECODE_THREADS: '7',
      SWATH_PROCESSES: '4',
      SWATH_SHARDS: '12',
      SWATH_DEADLINE_MS: '8',
      HOST: '0.0.0.0',
      PORT: '0',
    })
    expect(config).toEqual({
      catalog: { kind: 'sqlite', file: '/data/index.sqlite' },
      storage: { kind: 'folder', folder: '/data/bucket' },
      storeFile: '/var/store.sqlite',
      storageEndpoint: 'http://127.0.0.1:9001',
      bigqueryEndpoint: 'https://bigquery.example.org/base',
      bigqueryTable: 'my-project.my_dataset.l1c',
      bigqueryTableL2A: 'my-project.my_dataset.l2a',
      googleProject: 'mine',
      maxBytesBilled: 1000,
      anonymous: true,
      listConcurrency: 5,
      readConcurrency: 6,
      decodeThreads: 7,
      processes: 4,
      shards: 12,
      deadlineMs: 8,
      requests: 1000,
      clientRequests: 250,
      trustedProxies: 0,
      apiKeys: undefined,
      requestDeadlineMs: 60_000,
      stopMs: 8000,
      baseUrl: undefined,
      log: undefined,
      otlpEndpoint: undefined,
      serviceName: 'swath',
      traceShare: 1,
      host: '0.0.0.0',
      port: 0,
    } satisfies Config)
  })

  test('names the bucket of a gs address', () => {
    expect(readConfig({ SWATH_STORAGE: 'gs://my-bucket' }).storage).toEqual({
      kind: 'gcs',
      bucket: 'my-bucket',
    })
    expect(readConfig({ SWATH_STORAGE: 'gs://my.bucket_1/' }).storage).toEqual({
      kind: 'gcs',
      bucket: 'my.bucket_1',
    })
  })

  test("falls back to Google's own variable for the project", () => {
    expect(readConfig({ GOOGLE_CLOUD_PROJECT: 'theirs' }).googleProject).toBe('theirs')
    expect(readConfig({ GOOGLE_CLOUD_PROJECT: 'theirs', SWATH_GOOGLE_PROJECT: 'mine' }).googleProject).toBe(
      'mine',
    )
  })

  test('counts an empty variable as not set', () => {
    const empty = {
      SWATH_CATALOG: '',
      SWATH_STORAGE: '',
      PORT: '',
      SWATH_ANONYMOUS: '',
      SWATH_STORE: undefined,
    }
    expect(readConfig(empty)).toEqual(readConfig({}))
  })

  test('leaves alone what is none of its own', () => {
    expect(
      readConfig({ PATH: '/bin', swath_catalog: 'x', MY_SWATH_CATALOG: 'x', SWATH_REAL_DATA: '/data' }),
    ).toEqual(readConfig({}))
  })

  test('goes without credentials to the public bucket, unless told otherwise', () => {
    expect(isAnonymous(readConfig({}), PUBLIC_BUCKET)).toBe(true)
    expect(isAnonymous(readConfig({}), 'another')).toBe(false)
    expect(isAnonymous(readConfig({ SWATH_ANONYMOUS: 'true' }), 'another')).toBe(true)
    expect(isAnonymous(readConfig({ SWATH_ANONYMOUS: 'false' }), PUBLIC_BUCKET)).toBe(false)
  })
})

describe('a wrong variable', () => {
  test.for([
    ['SWATH_CATALOG', 'postgres'],
    ['SWATH_CATALOG', 'sqlite:'],
    ['SWATH_CATALOG', 'Sample'],
    ['SWATH_STORAGE', 's3://bucket'],
    ['SWATH_STORAGE', 'folder:'],
    ['SWATH_STORAGE', 'gs://'],
    ['SWATH_STORAGE', 'gs://bucket/with/a/path'],
    ['SWATH_STORAGE', '/data/bucket'],
    ['SWATH_STORE', 'store.sqlite'],
    ['SWATH_STORE', 'sqlite:'],
    ['SWATH_STORAGE_ENDPOINT', 'localhost:9001'],
    ['SWATH_STORAGE_ENDPOINT', 'ftp://localhost'],
    ['SWATH_BIGQUERY_ENDPOINT', 'nonsense'],
    ['SWATH_BIGQUERY_TABLE', 'dataset.table'],
    ['SWATH_BIGQUERY_TABLE', 'project.dataset.table`; DROP TABLE x'],
    ['SWATH_BIGQUERY_TABLE_L2A', 'project.dataset'],
    ['SWATH_MAX_BYTES_BILLED', '20GiB'],
    ['SWATH_MAX_BYTES_BILLED', '0'],
    ['SWATH_ANONYMOUS', 'yes'],
    ['SWATH_LIST_CONCURRENCY', '0'],
    ['SWATH_LIST_CONCURRENCY', '-1'],
    ['SWATH_READ_CONCURRENCY', '1.5'],
    ['SWATH_READ_CONCURRENCY', 'many'],
    ['SWATH_DECODE_THREADS', '257'],
    ['SWATH_DEADLINE_MS', '1e4'],
    ['SWATH_DEADLINE_MS', '0'],
    ['PORT', '65536'],
    ['PORT', 'http'],
  ] as const)('stops the start and is named with its value: %s=%s', ([name, value]) => {
    const fault = faultOf({ [name]: value })
    expect(fault.code).toBe('misconfigured')
    expect(fault.errors.map(({ parameter }) => parameter)).toEqual([name])
    expect(fault.message).toContain(`${name}=${value} is`)
  })

  test('is named together with all others', () => {
    const wrong = {
      SWATH_CATALOG: 'x',
      SWATH_STORAGE: 'x',
      SWATH_STORE: 'x',
      SWATH_STORAGE_ENDPOINT: 'x',
      SWATH_BIGQUERY_ENDPOINT: 'x',
      SWATH_BIGQUERY_TABLE: 'x',
      SWATH_BIGQUERY_TABLE_L2A: 'x',
      SWATH_MAX_BYTES_BILLED: 'x',
      SWATH_ANONYMOUS: 'x',
      SWATH_LIST_CONCURRENCY: 'x',
      SWATH_READ_CONCURRENCY: 'x',
      SWATH_DECODE_THREADS: 'x',
      SWATH_DEADLINE_MS: 'x',
      PORT: 'x',
      SWATH_LIST_CONCURENCY: '3',
    }
    const fault = faultOf({ ...wrong, HOST: 'localhost' })
    expect(fault.errors.map(({ parameter }) => parameter).sort()).toEqual(Object.keys(wrong).sort())
    for (const name of Object.keys(wrong)) expect(fault.message).toContain(name)
  })

  test.for([
    ['SWATH_CATALOGUE', 'SWATH_CATALOG'],
    ['SWATH_STORAGES', 'SWATH_STORAGE'],
    ['SWATH_LIST_CONCURENCY', 'SWATH_LIST_CONCURRENCY'],
    ['SWATH_DEADLINE', 'SWATH_DEADLINE_MS'],
    ['SWATH_BIGQUERY_TABLE_L2', 'SWATH_BIGQUERY_TABLE_L2A'],
    ['SWATH_PROJECT', 'SWATH_GOOGLE_PROJECT'],
    ['SWATH_PORT', 'PORT'],
    ['SWATH_HOST', 'HOST'],
  ] as const)('%s is unknown and gets %s proposed', ([name, nearest]) => {
    expect(faultOf({ [name]: 'x' }).errors).toEqual([
      { parameter: name, message: `${name} is no variable of swath (did you mean ${nearest}?)` },
    ])
  })

  test('is a Fault, whatever the environment holds', () => {
    const anyName = fc.constantFrom(
      'SWATH_CATALOG',
      'SWATH_STORAGE',
      'SWATH_BIGQUERY_ENDPOINT',
      'PORT',
      'SWATH_X',
      'HOST',
    )
    fc.assert(
      fc.property(fc.dictionary(anyName, fc.string({ unit: 'binary' })), (env) => {
        try {
          expect(readConfig(env).port).toBeGreaterThanOrEqual(0)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault)
        }
      }),
    )
  })
})

function faultOf(env: Readonly<Record<string, string>>): Fault {
  try {
    readConfig(env)
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('The configuration was taken.')
}
