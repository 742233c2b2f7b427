/**
 * A condition that another one says already is not asked: what is left finds the same.
 */
import { expect, test } from 'vitest'
import { conditions } from '../../src/search/absorb.ts'
import type { Filter } from '../../src/search/query.ts'

const has = (param: string, value: string): Filter => ({
  is: 'has',
  param,
  kind: 'reference',
  where: { is: 'compare', by: '=', column: 'ref', value },
})
const all = (...parts: Filter[]): Filter => ({ is: 'all', parts })
const any = (...parts: Filter[]): Filter => ({ is: 'any', parts })
const [a, b, c] = [has('subject', 'Patient/1'), has('performer', 'Patient/1'), has('subject', 'Patient/2')]

test('of A and (A or B), A is left, wherever it stands', () => {
  expect(conditions(all(a, any(has('subject', 'Patient/1'), b)))).toEqual([a])
  expect(conditions(all(all(any(b, a), c), a))).toEqual([c, a])
})

test('of what is said twice, the first is left', () => {
  expect(conditions(all(a, has('subject', 'Patient/1'), b, a))).toEqual([a, b])
})

test('another value, another parameter or a condition without a value is another condition', () => {
  expect(conditions(all(c, any(a, b)))).toEqual([c, any(a, b)])
  const present: Filter = { is: 'has', param: 'subject', kind: 'reference' }
  expect(conditions(all(present, any(a, b)))).toEqual([present, any(a, b)])
  expect(conditions(all(a, any(present, b)))).toEqual([a, any(present, b)])
})

test('what cannot be satisfied stays, and so does what is not asked of anything', () => {
  expect(conditions(all(a, any()))).toEqual([a, any()])
  expect(conditions(all())).toEqual([])
  expect(conditions(a)).toEqual([a])
})

test('very many are left as they are', () => {
  const many = Array.from({ length: 3000 }, () => a)
  expect(conditions(all(...many))).toHaveLength(3000)
})
