import { openSearch } from './search.ts'

openSearch()
