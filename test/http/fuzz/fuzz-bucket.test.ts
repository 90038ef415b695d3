import { test } from 'vitest'
import { expectToBear, FUZZ_TIMEOUT_MS } from './checked.ts'
import { bucketSetting } from './settings.ts'

test(
  'the service over an index and a bucket bears whatever can be asked',
  () => expectToBear(bucketSetting, 'bucket'),
  FUZZ_TIMEOUT_MS,
)
