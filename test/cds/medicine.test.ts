/**
 * A medicine is known by its codes, and by its name only when no code is known: as whole words, in English and Chinese.
 */
import { expect, test } from 'vitest'
import { drugNamed, drugs } from '../../src/cds/knowledge/drugs.ts'
import { drugsNamedIn, medicineOf } from '../../src/cds/medicine.ts'

const atc = (code: string) => ({ coding: [{ system: 'http://www.whocc.no/atc', code }] })
const rxnorm = (code: string) => ({ coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code }] })
const names = (concept: unknown) => medicineOf(concept).drugs.map(drug => drug.name)

test('a drug is found by its ATC code, as WHO and as TW Core name the system, and by its RxNorm ingredient', () => {
  expect(names(atc('B01AA03'))).toEqual(['warfarin'])
  const taiwan = { system: 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medcation-atc-tw', code: 'L01EB04' }
  expect(names({ coding: [taiwan] })).toEqual(['osimertinib'])
  expect(names(rxnorm('6809'))).toEqual(['metformin'])
})

test('an ATC code that was replaced is still known', () => {
  expect(names(atc('L01XC03'))).toEqual(['trastuzumab'])
  expect(names(atc('L01FD01'))).toEqual(['trastuzumab'])
})

test('a combination is all of its drugs', () => {
  expect(names(atc('J01EE01'))).toEqual(['sulfamethoxazole', 'trimethoprim'])
  expect(names({ text: 'Amlodipine 5 mg / Valsartan 80 mg' })).toEqual(['amlodipine', 'valsartan'])
})

test('a code outweighs what is written beside it', () => {
  expect(names({ ...atc('B01AA03'), text: 'aspirin' })).toEqual(['warfarin'])
})

test('without a known code the name counts, as a whole word', () => {
  expect(names({ coding: [{ system: 'urn:local', code: '1', display: 'Warfarin Sodium 5 MG Oral Tablet' }] })).toEqual([
    'warfarin',
  ])
  expect(names({ text: 'Prewarfarinol' })).toEqual([])
  expect(names({ text: '奧希替尼 80 毫克' })).toEqual(['osimertinib'])
  expect(medicineOf({ text: 'warfarin' }).byName).toBe(true)
})

test('of a name within a name the longest is meant', () => {
  expect(drugsNamedIn('trastuzumab deruxtecan 100 mg').map(drug => drug.name)).toEqual(['trastuzumab deruxtecan'])
  expect(drugsNamedIn('艾司西酞普蘭').map(drug => drug.name)).toEqual(['escitalopram'])
  expect(drugsNamedIn('恩美曲妥珠單抗').map(drug => drug.name)).toEqual(['trastuzumab emtansine'])
})

test('a cream is told from a tablet, by its ATC group and by its name', () => {
  expect(medicineOf(atc('D07AA02')).local).toBe(true)
  expect(medicineOf({ text: 'Diclofenac gel 1%' }).local).toBe(true)
  expect(medicineOf(atc('M01AB05')).local).toBe(false)
})

test('nothing that is not a CodeableConcept harms', () => {
  for (const hostile of [null, undefined, 1, [], { coding: 1 }, { coding: [null, 1, 'a', { code: 7 }] }, { text: {} }])
    expect(names(hostile)).toEqual([])
  expect(names({ text: 'warfarin '.repeat(100_000) })).toEqual(['warfarin'])
})

test('the table names each drug once, with codes of the right form, and no RxNorm ingredient twice', () => {
  expect(new Set(drugs.map(drug => drug.name)).size).toBe(drugs.length)
  expect(new Set(drugs.map(drug => drug.zh)).size).toBe(drugs.length)
  const rxnorms = drugs.flatMap(drug => drug.rxnorm ?? [])
  expect(new Set(rxnorms).size).toBe(rxnorms.length)
  for (const drug of drugs) {
    expect(drug.atc.length, drug.name).toBeGreaterThan(0)
    for (const code of drug.atc) expect(code, drug.name).toMatch(/^[A-Z]\d\d[A-Z]{2}\d\d$/)
    expect(drugsNamedIn(drug.name), drug.name).toEqual([drug])
    expect(drugsNamedIn(drug.zh), drug.zh).toEqual([drug])
  }
})

test('a knowledge table that names a drug that is not there is refused when it is read', () => {
  expect(() => drugNamed('warfarine')).toThrow('no drug is named warfarine')
})
