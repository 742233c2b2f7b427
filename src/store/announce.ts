/**
 * A store that tells of what was committed to it.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import type { Engine, Version } from './store.ts'

/**
 * The same engine; `committed` is told of the versions that a commit made, after it is on disk and before the one who
 * committed goes on. It must not throw.
 */
export function announce(engine: Engine, committed: (versions: readonly Version[]) => void): Engine {
  return {
    stats: engine.stats,
    read: ref => engine.read(ref),
    readMany: refs => engine.readMany(refs),
    readVersion: (ref, version) => engine.readVersion(ref, version),
    find: query => engine.find(query),
    history: query => engine.history(query),
    referrers: (type, param, refs, limit) => engine.referrers(type, param, refs, limit),
    async commit(writes, note) {
      const versions = await engine.commit(writes, note)
      committed(versions)
      return versions
    },
    counts: () => engine.counts(),
    records: name => engine.records(name),
    reindex: (types, progress) => engine.reindex(types, progress),
    backup: path => engine.backup(path),
    verify: () => engine.verify(),
    close: () => engine.close(),
  }
}
