/**
 * What every storage engine promises (src/store/store.ts), as laws: `contract('x', open)` tests them all.
 * https://hl7.org/fhir/R4/http.html#transactional-integrity
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { everything, type Extractor } from '../../src/search/query.ts'
import type { Engine } from '../../src/store/store.ts'
import { handMade, hasToken, identified, ids, P, put, query, remove } from '../help/resources.ts'
import { commitLaws, raceLaws } from './contract-commits.ts'
import { largeLaws } from './contract-large.ts'
import { historyLaws } from './contract-history.ts'
import { indexLaws, recordLaws, referenceLaws, textLaws } from './contract-index.ts'
import { namedLaws } from './contract-named.ts'
import { searchLaws } from './contract-search.ts'

/** Opens the store in a folder; a second call after `close` opens the same store again. */
export type Open = (folder: string, extractor: Extractor) => Promise<Engine>

/** The engine of the running test, and a way to close it and open it again. */
export interface Bench {
  engine: Engine
  readonly folder: string
  reopen(extractor?: Extractor): Promise<Engine>
}

export function contract(name: string, open: Open): void {
  describe(`the ${name} engine`, () => {
    const bench = {} as Bench
    beforeEach(async () => {
      const folder = await mkdtemp(join(tmpdir(), `contract-${name}-`))
      const first = await open(folder, handMade)
      Object.assign(bench, {
        folder,
        engine: first,
        async reopen(extractor = handMade) {
          await bench.engine.close()
          return (bench.engine = await open(folder, extractor))
        },
      })
    })
    afterEach(async () => {
      await bench.engine.close()
      await rm(bench.folder, { recursive: true, force: true })
    })

    describe('versions', () => versionLaws(bench))
    describe('commits', () => commitLaws(bench))
    describe('large commits', () => largeLaws(bench))
    describe('races', () => raceLaws(bench))
    describe('history', () => historyLaws(bench))
    describe('the text', () => textLaws(bench))
    describe('references', () => referenceLaws(bench))
    describe('records', () => recordLaws(bench))
    describe('the index', () => indexLaws(bench))
    describe('one resource asked for by id', () => namedLaws(bench))
    searchLaws(bench, open)
  })
}

function versionLaws(bench: Bench): void {
  test('count up from 1, and the latest is read', async () => {
    for (const number of ['1', '2', '3']) {
      const [written] = await bench.engine.commit([put(identified('a', number))])
      expect(written).toMatchObject({ ref: P('a'), version: number, method: 'PUT' })
      expect(await bench.engine.read(P('a'))).toEqual(written)
    }
    expect(await bench.engine.read(P('b'))).toBeUndefined()
    expect(await bench.engine.read({ type: 'Observation', id: 'a' })).toBeUndefined()
    expect(await bench.engine.read({ type: 'Nonsense', id: 'a' })).toBeUndefined()
  })

  test('are all kept, each with its own text, method and time', async () => {
    const before = Date.now()
    const written = [
      ...(await bench.engine.commit([put(identified('a', 'one'), { method: 'POST' })])),
      ...(await bench.engine.commit([put(identified('a', 'two'), { method: 'PUT' })])),
      ...(await bench.engine.commit([put(identified('a', 'three'), { method: 'PATCH' })])),
      ...(await bench.engine.commit([remove(P('a'))])),
    ]
    expect(written.map(version => version.method)).toEqual(['POST', 'PUT', 'PATCH', 'DELETE'])
    for (const version of written) {
      expect(await bench.engine.readVersion(P('a'), version.version)).toEqual(version)
      expect(version.updated).toBeGreaterThanOrEqual(before)
    }
    expect(written.map(version => version.updated)).toEqual(
      written.map(version => version.updated).sort((a, b) => a - b),
    )
  })

  test('that there never were are not found, whatever is asked for', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    for (const version of ['0', '2', '-1', '01', '1.0', '1e0', '', 'x', ' 1', '99999999999999999999']) {
      expect(await bench.engine.readVersion(P('a'), version), JSON.stringify(version)).toBeUndefined()
    }
    expect(await bench.engine.readVersion(P('b'), '1')).toBeUndefined()
  })

  test('a deletion is a version without text, and what was deleted is not found by any search', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    const [deleted] = await bench.engine.commit([remove(P('a'))])
    expect(deleted).toMatchObject({ ref: P('a'), version: '2', method: 'DELETE', text: undefined })
    expect(await bench.engine.read(P('a'))).toEqual(deleted)
    expect((await bench.engine.find(query('Patient', everything, { total: 'accurate' }))).total).toBe(0)
    expect((await bench.engine.find(query('Patient', hasToken('identifier', 'x')))).matches).toEqual([])
    expect((await bench.engine.find(query('Patient', { is: 'id', ids: ['a'] }))).matches).toEqual([])
    expect(
      (await bench.engine.find(query('Patient', { is: 'not', part: hasToken('identifier', 'y') }))).matches,
    ).toEqual([])
    expect((await bench.engine.counts()).get('Patient') ?? 0).toBe(0)
  })

  test('go on counting when a deleted resource is written again', async () => {
    await bench.engine.commit([put(identified('a', 'x'))])
    await bench.engine.commit([remove(P('a'))])
    const [again] = await bench.engine.commit([put(identified('a', 'y'))])
    expect(again!.version).toBe('3')
    expect(ids((await bench.engine.find(query('Patient', hasToken('identifier', 'y')))).matches)).toEqual(['a'])
    expect((await bench.engine.find(query('Patient', hasToken('identifier', 'x')))).matches).toEqual([])
    expect((await bench.engine.counts()).get('Patient')).toBe(1)
  })

  test('are there, and counting, after the store was closed and opened again', async () => {
    const [first] = await bench.engine.commit([put(identified('a', 'x'))])
    await bench.reopen()
    expect(await bench.engine.read(P('a'))).toEqual(first)
    const [second] = await bench.engine.commit([put(identified('a', 'y'))])
    expect(second!.version).toBe('2')
    expect(second!.updated).toBeGreaterThanOrEqual(first!.updated)
    expect(ids((await bench.engine.find(query('Patient', hasToken('identifier', 'y')))).matches)).toEqual(['a'])
    expect(await bench.engine.verify()).toEqual([])
  })
}
