import { catalogContract } from '../contracts/catalog.ts'
import { openSqlite } from './open.ts'

catalogContract('an index in SQLite', { cloud: true, box: true, sensing: true }, openSqlite)
