import { test } from 'vitest'
import { expectToBear, FUZZ_TIMEOUT_MS } from './checked.ts'
import { sampleSetting } from './settings.ts'

test(
  'the service over its sample bears whatever can be asked',
  () => expectToBear(sampleSetting, 'sample'),
  FUZZ_TIMEOUT_MS,
)
