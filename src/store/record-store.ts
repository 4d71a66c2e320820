// SPDX-License-Identifier: Apache-2.0

/** A record's bytes (at most 16 MiB) and the opaque version that `replace` compares. */
export interface StoredRecord {
  readonly bytes: Buffer;
  readonly version: string;
}

/**
 * Small mutable objects with compare-and-swap. A key is a `/`-separated path of `[A-Za-z0-9._=-]` segments, each at most
 * 240 bytes and together at most 512; `.` and `..` segments are refused with `bad-path`. A key may be the beginning of
 * another: `a` and `a/b` may both exist. The version is of the content: a record that went from A to B and back to A
 * has A's version again.
 */
export interface RecordStore {
  /** Undefined when there is no such record. @throws AirlockError store-unavailable */
  get(key: string): Promise<StoredRecord | undefined>;

  /**
   * Write a record that must not exist yet; false when it does, and then nothing changed. Durable when it returns
   * true. Of any number of callers at the same time exactly one gets true. @throws AirlockError store-unavailable, store-full
   */
  create(key: string, bytes: Uint8Array): Promise<boolean>;

  /**
   * Overwrite a record whose version is still `version`; false when it is not, or when the record is gone. Durable when
   * it returns true. @throws AirlockError store-unavailable, store-full
   */
  replace(key: string, bytes: Uint8Array, version: string): Promise<boolean>;

  /** Keys that start with `prefix`, in byte order. Temporary files of a back end never show. @throws AirlockError store-unavailable */
  list(prefix: string): AsyncIterable<string>;

  /** Remove a record; removing what is not there is no error. @throws AirlockError store-unavailable */
  remove(key: string): Promise<void>;
}
