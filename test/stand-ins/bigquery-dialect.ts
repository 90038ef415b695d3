import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  TIMESTAMP,
  timestampValue,
  VARCHAR,
} from '@duckdb/node-api'
import { z } from 'zod'
import { parseTime } from '../../src/sentinel2/time.ts'

/** A refusal in the words of BigQuery's errors. */
export class QueryError extends Error {
  readonly status: number
  readonly reason: string
  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

const cell = z.object({ value: z.union([z.string(), z.number(), z.boolean()]).nullish() })
export const queryParameter = z.object({
  name: z.string(),
  parameterType: z.object({ type: z.string(), arrayType: z.object({ type: z.string() }).optional() }),
  parameterValue: cell.extend({ arrayValues: z.array(cell).optional() }),
})
export type QueryParameter = z.infer<typeof queryParameter>

export type Field = { readonly name: string; readonly type: string; readonly mode: 'NULLABLE' }
export type Result = {
  readonly fields: readonly Field[]
  /** As the REST API writes them, timestamps in microseconds. */
  readonly rows: readonly (readonly (string | null)[])[]
}

/** The tables that a query names between backticks. */
export const tablesIn = (sql: string): string[] =>
  [...withoutComments(sql).matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

/** Why DuckDB cannot run a query; undefined where it can. */
export async function refusalOf(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly QueryParameter[],
): Promise<QueryError | undefined> {
  try {
    const { text, values, types } = bound(sql, parameters)
    await connection.run(`EXPLAIN ${text}`, values, types)
    return undefined
  } catch (thrown) {
    return asQueryError(thrown)
  }
}

/** Runs a query of BigQuery's dialect, its named parameters bound as the REST API sends them. */
export async function runQuery(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly QueryParameter[],
): Promise<Result> {
  try {
    const { text, values, types } = bound(sql, parameters)
    const reader = await connection.runAndReadAll(text, values, types)
    const names = reader.columnNames()
    const fields = reader.columnTypes().map((type, i): Field => {
      return { name: names[i] ?? '', type: FIELD_TYPES[String(type)] ?? 'STRING', mode: 'NULLABLE' }
    })
    return { fields, rows: reader.getRows().map((row) => row.map(asText)) }
  } catch (thrown) {
    throw asQueryError(thrown)
  }
}

function bound(sql: string, parameters: readonly QueryParameter[]) {
  const values: Record<string, DuckDBValue> = {}
  const types: Record<string, DuckDBType> = {}
  const plain = withoutComments(sql)
  for (const parameter of parameters) {
    // DuckDB refuses a value for a parameter that the query does not name; BigQuery does not.
    if (!new RegExp(`@${parameter.name}\\b`).test(plain)) continue
    values[parameter.name] = toDuckDbValue(parameter)
    types[parameter.name] = typeOf(parameter)
  }
  return { text: toDuckDb(sql), values, types }
}

/** Functions that mean the same in both, or are translated; another one would be a silent difference. */
const KNOWN = new Set(
  (
    'UNNEST ENDS_WITH STARTS_WITH SUBSTR LENGTH STRPOS REVERSE GREATEST LEAST COALESCE SAFE_CAST CAST CONCAT ' +
    'CHR UNIX_SECONDS EXTRACT LAG SUM ROW_NUMBER RANK FIRST_VALUE COUNT MIN MAX UPPER LOWER ABS IN AND OR OVER AS NOT ' +
    'WHEN THEN ELSE'
  ).split(' '),
)

function toDuckDb(sql: string): string {
  const text = withoutComments(sql)
  for (const [, name = ''] of text.replaceAll(/'[^']*'/g, "''").matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) {
    const isCte = new RegExp(`\\b${name}\\s+AS\\s*\\(`, 'i').test(text)
    if (!KNOWN.has(name.toUpperCase()) && !isCte) {
      throw new QueryError(400, 'invalidQuery', `The stand-in does not know the function ${name}`)
    }
  }
  return text
    .replaceAll(/`([^`]+)`/g, '"$1"')
    .replaceAll(/\bIN UNNEST\(@(\w+)\)/gi, 'IN (SELECT unnest(@$1))')
    .replaceAll(/\bSAFE_CAST\(/gi, 'TRY_CAST(')
    .replaceAll(/@(\w+)/g, '$$$1')
}

const withoutComments = (sql: string): string => sql.replaceAll(/--.*$/gm, '')

function asQueryError(thrown: unknown): QueryError {
  if (thrown instanceof QueryError) return thrown
  const [line = ''] = String(thrown instanceof Error ? thrown.message : thrown).split('\n')
  const unknown = /Referenced column "(\w+)" not found/.exec(line)?.[1]
  return new QueryError(400, 'invalidQuery', unknown ? `Unrecognized name: ${unknown}` : line)
}

const SCALARS: Readonly<Record<string, { type: DuckDBType; read: (text: string) => DuckDBValue }>> = {
  STRING: { type: VARCHAR, read: (text) => text },
  INT64: { type: BIGINT, read: (text) => BigInt(text) },
  FLOAT64: { type: DOUBLE, read: Number },
  BOOL: { type: BOOLEAN, read: (text) => text === 'true' },
  TIMESTAMP: { type: TIMESTAMP, read: (text) => timestampValue(BigInt(requireTime(text))) },
}

function scalar(type: string) {
  const found = SCALARS[type]
  if (!found) throw new QueryError(400, 'invalid', `Invalid value for type: ${type} is not a valid value`)
  return found
}

function typeOf({ parameterType: { type, arrayType } }: QueryParameter): DuckDBType {
  return type === 'ARRAY' ? LIST(scalar(arrayType?.type ?? '').type) : scalar(type).type
}

function toDuckDbValue({ parameterType: { type, arrayType }, parameterValue }: QueryParameter): DuckDBValue {
  if (type !== 'ARRAY') return readCell(type, parameterValue)
  return listValue((parameterValue.arrayValues ?? []).map((each) => readCell(arrayType?.type ?? '', each)))
}

const readCell = (type: string, { value }: z.infer<typeof cell>): DuckDBValue =>
  value === null || value === undefined ? null : scalar(type).read(String(value))

function requireTime(text: string): number {
  const time = parseTime(text)
  if (time === undefined) throw new QueryError(400, 'invalid', `Invalid timestamp value: ${text}`)
  return time
}

const FIELD_TYPES: Readonly<Record<string, string>> = {
  VARCHAR: 'STRING',
  BIGINT: 'INTEGER',
  INTEGER: 'INTEGER',
  HUGEINT: 'INTEGER',
  DOUBLE: 'FLOAT',
  BOOLEAN: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP',
}

function asText(value: DuckDBValue): string | null {
  if (value === null) return null
  return typeof value === 'object' && 'micros' in value ? String(value.micros) : String(value)
}
