import { catalogContract } from '../contracts/catalog.ts'
import { openBucket } from './open.ts'

catalogContract('the bucket itself', { cloud: false, box: false, sensing: false }, openBucket)
