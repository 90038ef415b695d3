import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lawBreaches, type Sources } from './import-laws.ts'
import { importsIn, scan } from './source-scanner.ts'

const CHECKOUT = join(import.meta.dirname, '..')

const sourcesIn = (folder: string): [path: string, text: string][] =>
  readdirSync(join(CHECKOUT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(CHECKOUT, path).split(sep).join('/'), readFileSync(path, 'utf8')])

const SOURCES: Sources = Object.fromEntries([...sourcesIn('src'), ...sourcesIn('workers')])

const specifiersOf = (source: string) => importsIn(scan(source)).map(({ specifier }) => specifier)

describe('the sources', () => {
  test('keep the laws of import', () => {
    expect(Object.keys(SOURCES).length).toBeGreaterThan(40)
    expect(lawBreaches(SOURCES)).toEqual([])
  })

  test('are understood: every line that begins as an import does is found', () => {
    for (const [file, source] of Object.entries(SOURCES)) {
      const lines = source.match(/^(import|export) .*from '.+'$|^\} from '.+'$|^import '.+'$/gm) ?? []
      const expected = lines.map((line) => /'(.+)'$/.exec(line)?.[1])
      const found = specifiersOf(source)
      expect(new Set(found).isSupersetOf(new Set(expected)), file).toBe(true)
    }
  })

  test('import only files that are there', () => {
    const missing = Object.entries(SOURCES).flatMap(([file, source]) =>
      specifiersOf(source)
        .filter((specifier) => specifier?.startsWith('.'))
        .map((specifier) =>
          join(file, '..', specifier ?? '')
            .split(sep)
            .join('/'),
        )
        .filter((target) => !(target in SOURCES)),
    )
    expect(missing).toEqual([])
  })
})

describe('a planted import', () => {
  /** The law, the file, what it holds, and what the breach must name. */
  const BAD = `
sentinel2 has no packages | src/sentinel2/x.ts | import { z } from 'zod' | zod
sentinel2 has nothing of Node | src/sentinel2/x.ts | import { join } from 'node:path' | node:path
sentinel2 has no faults | src/sentinel2/x.ts | import { Fault } from '../errors.ts' | ../errors.ts
errors.ts has nothing | src/errors.ts | import type { Level } from './sentinel2/bands.ts' | ./sentinel2/bands.ts
a capability has no verb | src/catalog/x.ts | import { listArea } from '../list-area.ts' | ../list-area.ts
a capability has no adapter of another | src/catalog/x.ts | import { gcsStorage } from '../storage/gcs.ts' | ../storage/gcs.ts
the store hands on no adapter | src/store/x.ts | export { folderStorage } from '../storage/folder.ts' | ../storage/folder.ts
a capability knows no http | src/storage/x.ts | import type { App } from '../http/app.ts' | ../http/app.ts
colour knows no catalog | src/colour/x.ts | import { query } from '../catalog/cursor.ts' | ../catalog/cursor.ts
what a file says knows no colour | src/jpeg2000/x.ts | import type { Colour } from '../colour/port.ts' | ../colour/port.ts
what a file says reads nothing | src/jpeg2000/x.ts | import { gcsStorage } from '../storage/gcs.ts' | ../storage/gcs.ts
calls know no capability | src/calls/x.ts | import type { Entry } from '../storage/port.ts' | ../storage/port.ts
files know no capability | src/files/x.ts | import type { Store } from '../store/port.ts' | ../store/port.ts
files know no granule | src/files/x.ts | import type { Granule } from '../sentinel2/granule.ts' | ../sentinel2/granule.ts
a verb knows no http | src/list-area.ts | import { problem } from './http/problem.ts' | ./http/problem.ts
a verb knows no command line | src/rank-colour.ts | import { EXIT } from './cli/terminal.ts' | ./cli/terminal.ts
a verb does not wire | src/warm-up.ts | import { openHouse } from './wire.ts' | ./wire.ts
a verb opens no adapter | src/warm-up.ts | import { openStorage } from './open-storage.ts' | ./open-storage.ts
what opens adapters does not wire | src/open-newer.ts | import { openHouse } from './wire.ts' | ./wire.ts
http opens no adapter | src/http/x.ts | import { openCatalog } from '../open-catalog.ts' | ../open-catalog.ts
http does not wire | src/http/x.ts | import { openHouse } from '../wire.ts' | ../wire.ts
http has no adapters | src/http/x.ts | import { sqliteStore } from '../store/sqlite.ts' | ../store/sqlite.ts
cli has no adapters | src/cli/x.ts | const x = await import('../storage/folder.ts') | ../storage/folder.ts
the index file is for one command | src/cli/x.ts | import { aboutIndex } from '../index-file/about.ts' | ../index-file/about.ts
wire.ts stands below the commands | src/wire.ts | import { runCli } from './cli/run.ts' | ./cli/run.ts
nobody imports main.ts | src/cli/x.ts | import '../main.ts' | ../main.ts
main.ts does not wire | src/main.ts | import { openHouse } from './wire.ts' | ./wire.ts
BigQuery | src/build-index.ts | import { BigQuery } from '@google-cloud/bigquery' | @google-cloud/bigquery
types of BigQuery | src/wire.ts | import type { Job } from '@google-cloud/bigquery' | @google-cloud/bigquery
the inside of BigQuery | src/catalog/sqlite.ts | import x from '@google-cloud/bigquery/build/job.js' | @google-cloud/bigquery/build/job.js
Cloud Storage | src/storage/folder.ts | const x = await import('@google-cloud/storage') | @google-cloud/storage
Google's credentials | src/storage/attempts.ts | import { GoogleAuth } from 'google-auth-library' | google-auth-library
DuckDB | src/build-index.ts | import { DuckDBInstance } from '@duckdb/node-api' | @duckdb/node-api
hono | src/cli/serve.ts | import { Hono } from 'hono' | hono
a part of hono | src/formats.ts | import { accepts } from 'hono/accepts' | hono/accepts
hono's server | src/wire.ts | import { serve } from '@hono/node-server' | @hono/node-server
the page takes no values of the rest | src/explorer/x.ts | import { BANDS } from '../sentinel2/bands.ts' | ../sentinel2/bands.ts
the page takes no packages | src/explorer/x.ts | import { feature } from 'zod' | zod
the page takes nothing for its effect | src/explorer/x.ts | import '../errors.ts' | ../errors.ts
the page is not imported | src/http/x.ts | import { queryOf } from '../explorer/query.ts' | ../explorer/query.ts
the map has its room | src/http/x.ts | import { Map } from 'maplibre-gl' | maplibre-gl
topologies have their door | src/explorer/x.ts | import type { Topology } from 'topojson-specification' | topojson-specification
commander | src/main.ts | import { Command } from 'commander' | commander
piscina | src/colour/x.ts | import { Piscina } from 'piscina' | piscina
SQLite | src/catalog/sqlite.ts | import { DatabaseSync } from 'node:sqlite' | node:sqlite
the environment | src/config.ts | const x = process.env.HOME | process.env
the environment, if there is one | src/config.ts | const x = process?.env?.HOME | process.env
the environment, taken apart | src/config.ts | const { env } = process | process.env
the environment by its name | src/config.ts | const x = process['env'] | process.env
the environment, imported | src/config.ts | import { env } from 'node:process' | node:process
the exit | src/cli/serve.ts | process.exit(1) | process.exit
a computed import | src/wire.ts | const x = await import(name) | only a run can tell`
    .trim()
    .split('\n')
    .map((row) => row.split(' | '))

  test.for(BAD)('that breaks a law is named: %s', ([, file = '', source = '', named]) => {
    const breaches = lawBreaches({ [file]: source })
    expect(breaches).toHaveLength(1)
    expect(breaches[0]).toContain(file)
    expect(breaches[0]).toContain(named)
  })

  test('of the environment is seen in the braces of a template', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source
    const source = 'const x = `a ${`b ${process.env.HOME}`} c`'
    expect(lawBreaches({ 'src/config.ts': source })).toEqual([
      'src/config.ts uses process.env: only src/main.ts does',
    ])
  })

  test.for([
    ['on one line', "import { z } from 'zod'"],
    ['of types', "import type { z } from 'zod'"],
    ['of a type among values', "import { type z } from 'zod'"],
    ['over several lines', "import {\n  a,\n  b,\n} from 'zod'"],
    ['of the default', "import z, { type ZodType } from 'zod'"],
    ['of everything', "import * as z from 'zod'"],
    ['in other quotes', 'import { z } from "zod"'],
    ['without spaces', "import{z}from'zod'"],
    ['for its effect', "import 'zod'"],
    ['that is handed on', "export { z } from 'zod'"],
    ['that is handed on whole', "export * from 'zod'"],
    ['whose types are handed on', "export type { z } from 'zod'"],
    ['at run time', "const { z } = await import('zod')"],
    ['at run time, in a template', 'const { z } = await import(`zod`)'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source
    ['at run time, inside a template', "const text = `a ${(await import('zod')).z} b`"],
    ['of a type in place', "type Z = import('zod').ZodType"],
    ['by require', "const z = require('zod')"],
    ['with attributes', "import z from 'zod' with { type: 'json' }"],
    ['with comments inside', "import /* 'a' */ { z } // from 'b'\n from 'zod'"],
    ['after a comment with a quote', "// don't\nimport { z } from 'zod'"],
    ['after a regular expression with a quote', "const x = /['\"`]/g\nimport { z } from 'zod'"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source
    ['after a template of templates', "const x = `a ${b ? `//${c}` : '`'} d`\nimport { z } from 'zod'"],
    ['after a division', "const x = a / b\nconst y = 'c' / d\nimport { z } from 'zod'"],
    ['after an address', "const x = 'https://example.org'; import { z } from 'zod'"],
  ] as const)('is seen %s', ([, source]) => {
    expect(lawBreaches({ 'src/sentinel2/x.ts': source })).toEqual([
      'src/sentinel2/x.ts imports zod: sentinel2 imports nothing but itself',
    ])
  })

  test.for([
    ['a comment', "// import { z } from 'zod'\n/* process.env\n import 'zod' */"],
    ['a text', "const x = \"import { z } from 'zod'\" + 'process.env'"],
    ['a template', "const x = `import { z } from 'zod' process.exit`"],
    ['a regular expression', "const x = /import 'zod'/"],
    ['a name alike', 'export const from = important(processor.env)'],
    ['a member', "a.import('zod'); this.process"],
  ] as const)('is not seen in %s', ([, source]) => {
    expect(lawBreaches({ 'src/sentinel2/x.ts': source })).toEqual([])
  })

  test('that closes a circle is named with its way round', () => {
    const sources = {
      'src/catalog/a.ts': "import './b.ts'",
      'src/catalog/b.ts': "import type { C } from './c.ts'",
      'src/catalog/c.ts': "export * from './a.ts'",
    }
    expect(lawBreaches(sources)).toEqual([
      'src/catalog/a.ts imports src/catalog/b.ts imports src/catalog/c.ts imports src/catalog/a.ts: imports go in a circle',
    ])
  })

  test('that keeps the laws is left alone', () => {
    const sources = {
      'src/sentinel2/x.ts': "import type { Box } from './granule.ts'",
      'src/catalog/bigquery-jobs.ts': "import type { BigQuery } from '@google-cloud/bigquery'",
      'src/catalog/bucket.ts': "import type { Storage } from '../storage/port.ts'\nimport pMap from 'p-map'",
      'src/catalog/index-file.ts': "import { moveToTarget } from '../files/target-place.ts'",
      'src/storage/remembering.ts': "import type { Listings } from '../store/port.ts'",
      'src/storage/gcs.ts': "const { Storage } = await import('@google-cloud/storage')",
      'src/explorer/x.ts':
        "import type { Estimate } from '../estimate.ts'\nimport { byId } from './elements.ts'",
      'src/list-area.ts': "import type { Page } from './catalog/port.ts'",
      'src/http/app.ts': "import { Hono } from 'hono'\nimport { listArea } from '../list-area.ts'",
      'src/cli/serve.ts': "import { serve } from '@hono/node-server'\nimport { openHouse } from '../wire.ts'",
      'src/cli/index-commands.ts': "import { aboutIndex } from '../index-file/about.ts'",
      'src/main.ts': "import { runCli } from './cli/run.ts'\nprocess.exit(await runCli(process.env))",
      'workers/x.ts': "import { DatabaseSync } from 'node:sqlite'",
    }
    expect(lawBreaches(sources)).toEqual([])
  })
})
