/** An object under a listed prefix. */
export type StoredObject = {
  readonly kind: 'object'
  /** Full key inside the bucket, `tiles/33/U/UB/….SAFE/GRANULE/…/IMG_DATA/T33UUB_…_B02.jp2`. */
  readonly key: string
  /** Bytes. */
  readonly size: number
}

/** A common prefix, ending in `/`: what a listing with a delimiter gives instead of the objects below it. */
export type Folder = { readonly kind: 'folder'; readonly prefix: string }

export type Entry = StoredObject | Folder

export type ListOptions = {
  /** `/` stops at the first slash after the prefix and gives folders. */
  readonly delimiter?: '/'
  /** Only keys and folders that sort at or after this one. */
  readonly startOffset?: string
  /** Only keys and folders that sort before this one. */
  readonly endOffset?: string
  readonly signal?: AbortSignal
}

/** Bytes `first` to `last`, both included, counted from 0. */
export type ByteRange = { readonly first: number; readonly last: number }

/** Where the archive's files are. Keys are those of the bucket: `tiles/…`, `L2/tiles/…`. */
export interface Storage {
  /** Name of the bucket, for `gs://<bucket>/<key>`. */
  readonly bucket: string
  /**
   * The entries under a prefix in order of key, a page at a time: every step of the iteration is at most
   * one call. A page may be empty. A prefix with nothing under it gives no entries and is no error.
   * @throws {Fault} upstream-failed, upstream-late, upstream-busy, too-many, overloaded, misconfigured, cancelled
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<readonly Entry[]>
  /**
   * The bytes of a range; fewer where the object ends before `last`.
   * @throws {Fault} not-found where there is no such object; bad-request where the range starts past the
   * object's end; upstream-failed, upstream-late, upstream-busy, misconfigured, cancelled
   */
  read(key: string, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array>
}
