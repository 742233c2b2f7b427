/**
 * The tables of a store: resources with their history, dictionaries, and one narrow table for each kind of index entry.
 * https://sqlite.org/withoutrowid.html
 *
 * `rid` is a resource's small number in this file; it grows with every new resource and never changes. A reference
 * leads to a rid too, so a resource that is only referred to has a row without a version. Every index table ends in
 * `rid`, so that the answer to an equality is already in the order of a page.
 */
import { DatabaseSync } from 'node:sqlite'

/** Earlier ones can corrupt a WAL file that two connections write and checkpoint at once. */
export const OLDEST_SQLITE = '3.51.3'

const FORMAT = 1

const tables = `
CREATE TABLE type(tid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE param(pid INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE(type, name, kind));
CREATE TABLE system(sid INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
CREATE TABLE unit(uid INTEGER PRIMARY KEY, code TEXT NOT NULL, system TEXT NOT NULL, unit TEXT NOT NULL, UNIQUE(code, system, unit));
CREATE TABLE phrase(fid INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

CREATE TABLE resource(rid INTEGER PRIMARY KEY, tid INT NOT NULL, id TEXT NOT NULL, version INT NOT NULL, stamp INT NOT NULL, method INT NOT NULL, json TEXT);
CREATE UNIQUE INDEX resource_id ON resource(tid, id);
CREATE INDEX resource_live ON resource(tid) WHERE json IS NOT NULL;
CREATE INDEX resource_type_stamp ON resource(tid, stamp) WHERE version > 0;
CREATE INDEX resource_stamp ON resource(stamp) WHERE version > 0;

CREATE TABLE history(stamp INTEGER PRIMARY KEY, rid INT NOT NULL, version INT NOT NULL, tid INT NOT NULL, method INT NOT NULL, json TEXT);
CREATE UNIQUE INDEX history_rid ON history(rid, version);
CREATE INDEX history_type ON history(tid, stamp);

CREATE TABLE token(pid INT, code TEXT, rid INT, sid INT, PRIMARY KEY(pid, code, rid, sid)) WITHOUT ROWID;
CREATE TABLE text(pid INT, fid INT, rid INT, PRIMARY KEY(pid, fid, rid)) WITHOUT ROWID;
CREATE TABLE string(pid INT, text TEXT, rid INT, exact TEXT, PRIMARY KEY(pid, text, rid, exact)) WITHOUT ROWID;
CREATE INDEX string_rid ON string(pid, rid);
CREATE TABLE ref(pid INT, target INT, rid INT, PRIMARY KEY(pid, target, rid)) WITHOUT ROWID;
CREATE INDEX ref_rid ON ref(pid, rid);
CREATE TABLE date(pid INT, low INT, span INT, rid INT, PRIMARY KEY(pid, low, span, rid)) WITHOUT ROWID;
CREATE INDEX date_rid ON date(pid, rid);
CREATE TABLE quantity(pid INT, low REAL, uid INT, rid INT, high, PRIMARY KEY(pid, low, uid, rid, high)) WITHOUT ROWID;
CREATE INDEX quantity_rid ON quantity(pid, rid);
CREATE VIRTUAL TABLE words USING fts5(text, content, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0");

CREATE TABLE record(name TEXT, key TEXT, value TEXT NOT NULL, expires INT, PRIMARY KEY(name, key)) WITHOUT ROWID;
CREATE INDEX record_expires ON record(expires) WHERE expires IS NOT NULL;
INSERT INTO type VALUES (0, ''); INSERT INTO system VALUES (0, ''); INSERT INTO unit VALUES (0, '', '', '');
PRAGMA user_version = ${FORMAT};
`

/** Whether a version such as '3.51.3' is new enough. */
export function recentEnough(version: string): boolean {
  const part = (text: string) => text.split('.').map(Number)
  const [have, need] = [part(version), part(OLDEST_SQLITE)]
  for (let i = 0; i < 3; i++) if ((have[i] ?? 0) !== (need[i] ?? 0)) return (have[i] ?? 0) > (need[i] ?? 0)
  return true
}

/** Opens (and, unless read-only, makes) a store's file. Throws an Error whose message a person can act on. */
export function openFile(path: string, readOnly = false): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly, timeout: 5000 })
  const { version } = db.prepare('SELECT sqlite_version() version').get() as { version: string }
  if (!recentEnough(version))
    throw new Error(
      `SQLite ${version} can lose data in WAL mode; ${OLDEST_SQLITE} or newer is needed. Use the Node that package.json names.`,
    )
  db.exec('PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;')
  if (readOnly) return db
  // synchronous must be said after journal_mode, which may lower it
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;',
  )
  const { user_version: format } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (format === 0) db.exec(`BEGIN IMMEDIATE; ${tables} COMMIT;`)
  else if (format !== FORMAT) {
    db.close()
    throw new Error(
      `The store ${path} has format ${format}, this server reads ${FORMAT}. Use the server that wrote it, or load the data anew.`,
    )
  }
  return db
}
