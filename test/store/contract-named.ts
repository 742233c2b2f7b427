/**
 * What every storage engine promises of the question that a limited caller's read is: this id, if it satisfies that filter.
 * The filter is the same object each time, as a caller's is, and the store changes under it.
 * https://hl7.org/fhir/R4/http.html#read
 */
import { expect, test } from 'vitest'
import type { Filter } from '../../src/search/query.ts'
import { hasToken, handMadeExtractor, identified, ids, made, P, put, query, reference, remove, token } from '../help/resources.ts' // prettier-ignore
import type { Bench } from './contract.ts'

const refersTo = (param: string, ref: string): Filter => ({
  is: 'has',
  param,
  kind: 'reference',
  where: { is: 'compare', by: '=', column: 'ref', value: ref },
})

export function namedLaws(bench: Bench): void {
  const own: Filter = { is: 'any', parts: [refersTo('subject', 'Patient/p'), refersTo('performer', 'Patient/p')] }
  const found = async (type: string, id: string, filter: Filter) =>
    ids(
      (await bench.engine.find(query(type, { is: 'all', parts: [{ is: 'id', ids: [id] }, filter] }, { count: 1 })))
        .matches,
    )
  const observation = (id: string, param: string, ref: string) => made('Observation', id, reference(param, ref))

  test('it is found by what the store has never heard of as soon as it has', async () => {
    expect(await found('Observation', 'a', own)).toEqual([])
    await bench.engine.commit([put(observation('a', 'subject', 'Patient/other'))])
    expect(await found('Observation', 'a', own)).toEqual([])
    // now the patient is known, and by the first of the two parameters
    await bench.engine.commit([put(observation('b', 'subject', 'Patient/p'))])
    expect(await found('Observation', 'b', own)).toEqual(['b'])
    expect(await found('Observation', 'a', own)).toEqual([])
    // and now the second parameter too
    await bench.engine.commit([put(observation('c', 'performer', 'Patient/p'))])
    expect(await found('Observation', 'c', own)).toEqual(['c'])
    expect(await found('Observation', 'a', own)).toEqual([])
  })

  test('it is lost at once when it changes hands or is deleted, and found when it comes back', async () => {
    const mine = put(observation('a', 'subject', 'Patient/p'))
    await bench.engine.commit([mine])
    expect(await found('Observation', 'a', own)).toEqual(['a'])
    await bench.engine.commit([put(observation('a', 'subject', 'Patient/other'))])
    expect(await found('Observation', 'a', own)).toEqual([])
    await bench.engine.commit([mine])
    expect(await found('Observation', 'a', own)).toEqual(['a'])
    await bench.engine.commit([remove({ type: 'Observation', id: 'a' })])
    expect(await found('Observation', 'a', own)).toEqual([])
    await bench.engine.commit([mine])
    expect(await found('Observation', 'a', own)).toEqual(['a'])
  })

  test('one filter means of each type what it says of that', async () => {
    const marked = hasToken('identifier', 'x')
    await bench.engine.commit([put(identified('a', 'x')), put(made('Location', 'a', token('identifier', 'y')))])
    expect(await found('Patient', 'a', marked)).toEqual(['a'])
    expect(await found('Location', 'a', marked)).toEqual([])
    expect(await found('Patient', 'b', marked)).toEqual([])
    expect(await found('Patient', 'a', { is: 'not', part: marked })).toEqual([])
    expect(await found('Location', 'a', { is: 'not', part: marked })).toEqual(['a'])
    expect(await found('Patient', 'a', { is: 'id', ids: ['b'] })).toEqual([])
    expect(await found('Patient', 'a', { is: 'id', ids: ['b', 'a'] })).toEqual(['a'])
    expect(await found('Patient', 'a', { is: 'type', types: ['Location'] })).toEqual([])
    expect(await found('Patient', 'a', { is: 'any', parts: [] })).toEqual([])
    expect(ids((await bench.engine.find(query('Patient', marked))).matches)).toEqual(['a'])
    expect((await bench.engine.find(query('Patient', marked))).matches).toEqual([await bench.engine.read(P('a'))])
  })

  test('a parameter that begins to stand for another is followed', async () => {
    const aliases = new Map<string, { readonly params: readonly string[] }>()
    let now: ReadonlyMap<string, { readonly params: readonly string[] }> = aliases
    const engine = await bench.reopen({ ...handMadeExtractor(), aliases: () => now })
    await engine.commit([put(observation('a', 'subject', 'Patient/p')), put(observation('b', 'focus', 'Patient/p'))])
    const filter = refersTo('focus', 'Patient/p')
    expect(await found('Observation', 'a', filter)).toEqual([])
    expect(await found('Observation', 'b', filter)).toEqual(['b'])
    now = new Map([['focus', { params: ['subject'] }]])
    expect(await found('Observation', 'a', filter)).toEqual(['a'])
    expect(await found('Observation', 'b', filter)).toEqual([])
  })
}
