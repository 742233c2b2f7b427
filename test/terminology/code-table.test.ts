import { gzipSync } from 'node:zlib'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../src/commands/codes.ts'
import { readConfig } from '../../src/config.ts'
import { followTables } from '../../src/terminology/code-tables.ts'
import { cost } from '../help/cost.ts'
import { valueSet, withOnly } from './parts.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'dhp-codes-'))
const tables = join(folder, 'data', 'tenants', 'default', 'terminology')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const codes = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', 'codes', ...args, '--data', join(folder, 'data')], { cwd: root, encoding: 'utf8' }) // prettier-ignore
  return { status, out: stdout, err: stderr.replaceAll(folder, '') }
}
const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const S = 'http://icd.example.org'
const opened = () => withOnly([], { tables: followTables(tables) })
const all = async (system = S) => (await opened().expand(`${system}?fhir_vs`, { includeDesignations: true })).contains

describe('codes add', () => {
  test('CSV: columns, designations, quotes, parents that come later, properties', async () => {
    const path = file(
      'a.csv',
      '\ufeffcode,display,parent,display:zh-TW,status,chapter\r\n' +
        'C50.9,"Malignant neoplasm of breast, ""unspecified""",C50,乳房惡性腫瘤,active,2\r\n' +
        'C50,Malignant neoplasm of breast,,乳癌,active,2\r\n' +
        '\r\n' +
        'C51,"Two\nlines",,,inactive,2',
    )
    expect(codes('add', path, '--system', S, '--version', '2026', '--name', 'ICD')).toMatchObject({ status: 0 })
    expect(await all()).toEqual([
      { system: S, version: '2026', code: 'C50.9', display: 'Malignant neoplasm of breast, "unspecified"', designation: [{ language: 'zh-TW', value: '乳房惡性腫瘤' }] },
      { system: S, version: '2026', code: 'C50', display: 'Malignant neoplasm of breast', designation: [{ language: 'zh-TW', value: '乳癌' }] },
      { system: S, version: '2026', code: 'C51', display: 'Two\nlines', inactive: true },
    ]) // prettier-ignore
    const own = opened()
    expect(await own.subsumes({ system: S, codeA: 'C50', codeB: 'C50.9' })).toBe('subsumes')
    expect(await own.checkCode({ system: S, code: 'C99' })).toMatchObject({ result: 'no', why: 'code' })
    expect(await own.lookup({ system: S, code: 'C50.9', displayLanguage: 'zh-TW' })).toMatchObject({
      display: '乳房惡性腫瘤',
      name: 'ICD',
      property: expect.arrayContaining([
        { code: 'chapter', type: 'string', value: '2' },
        { code: 'parent', type: 'code', value: 'C50' },
      ]),
    })
    const chapter = valueSet('urn:x', { include: [{ system: S, filter: [{ property: 'chapter', op: '=', value: '2' }] }] })
    expect((await own.expand(chapter, { activeOnly: true })).total).toBe(2)
  }) // prettier-ignore

  test('TSV, NDJSON and gzip', async () => {
    expect(codes('add', file('b.tsv', 'code\tdisplay\nA\tSays "A"\n'), '--system', 'urn:tsv').status).toBe(0)
    expect(await all('urn:tsv')).toEqual([{ system: 'urn:tsv', code: 'A', display: 'Says "A"' }])
    const lines = [{ code: 'p', display: 'P', concept: [{ code: 'q', display: 'Q' }] }, { code: 'r', parent: 'p', definition: 'R' }] // prettier-ignore
    const packed = gzipSync(lines.map(line => JSON.stringify(line)).join('\n'))
    expect(codes('add', file('c.ndjson.gz', packed), '--system', 'urn:ndjson').status).toBe(0)
    expect((await all('urn:ndjson')).map(({ code }) => code)).toEqual(['p', 'q', 'r'])
    expect(await opened().subsumes({ system: 'urn:ndjson', codeA: 'p', codeB: 'r' })).toBe('subsumes')
    expect(await opened().subsumes({ system: 'urn:ndjson', codeA: 'p', codeB: 'q' })).toBe('subsumes')
  })

  test('a FHIR CodeSystem, which says itself what it is', async () => {
    const resource = {
      resourceType: 'CodeSystem', title: 'a "concept": [', url: 'urn:fhir', version: '7', status: 'active', content: 'complete',
      property: [{ code: 'up', uri: 'http://hl7.org/fhir/concept-properties#parent', type: 'code' }],
      concept: [
        { code: 'a', display: 'A }]"', concept: [{ code: 'a1', concept: [{ code: 'a11' }] }] },
        { code: 'b', property: [{ code: 'up', valueCode: 'a' }], designation: [{ language: 'zh', value: '乙' }] },
      ],
    } // prettier-ignore
    expect(codes('add', file('d.json', JSON.stringify(resource, null, 2)))).toMatchObject({ status: 0, out: expect.stringMatching(/^urn:fhir\|7: 4 concepts/) }) // prettier-ignore
    expect((await all('urn:fhir')).map(({ code }) => code)).toEqual(['a', 'a1', 'a11', 'b'])
    expect(await opened().subsumes({ system: 'urn:fhir', codeA: 'a', codeB: 'a11' })).toBe('subsumes')
    expect(await opened().subsumes({ system: 'urn:fhir', codeA: 'a', codeB: 'b' })).toBe('subsumes')
  })

  test('refused rows are told with their lines; the others are loaded', () => {
    const path = file('e.csv', 'code,display,abstract\nA,1,\n,no code,\nA,again,\nB,2,maybe\n C C  C,3,\nD\nE,"open,\n')
    const { status, out, err } = codes('add', path, '--system', 'urn:rows')
    expect(status).toBe(1)
    expect(out).toMatch(/urn:rows: 1 concepts .* 6 rows refused/)
    expect(err.trim().split('\n')).toEqual([
      '/e.csv:3: There is no code.',
      '/e.csv:4: The code "A" is there already; the first one is kept.',
      '/e.csv:5: abstract is "maybe"; it is true or false.',
      '/e.csv:6: The code "C C  C" has spaces where none may be.',
      '/e.csv:7: There are 1 values, and 3 columns.',
      '/e.csv:8: A quote is not closed.',
    ])
  })

  test.each([
    ['no code column', 'f.csv', 'name,display\na,b\n', /one of them "code"/],
    ['a column twice', 'g.csv', 'code,code\na,b\n', /stands twice/],
    ['no concepts', 'h.csv', 'code,display\n', /has no concepts/],
    ['another resource', 'i.json', '{"resourceType":"Patient"}', /not a CodeSystem/],
    ['cut off', 'j.json', '{"resourceType":"CodeSystem","url":"urn:j","concept":[{"code":"a"},', /not a CodeSystem/],
    ['an unknown ending', 'k.xlsx', 'x', /--format/],
    ['gzip that is none', 'l.csv.gz', 'code\n', /cannot be loaded/],
  ])('a file with %s is refused, and nothing is loaded', (_, name, content, message) => {
    const before = readdirSync(tables)
    const { status, err } = codes('add', file(name, content), '--system', 'urn:none')
    expect(status).toBeGreaterThan(0)
    expect(err).toMatch(message)
    expect(err).not.toMatch(/\n\s+at /)
    expect(readdirSync(tables)).toEqual(before)
  })

  test('needs to know which system, and which tenant', () => {
    expect(codes('add', file('m.csv', 'code\na\n'))).toMatchObject({
      status: 2,
      err: expect.stringMatching(/--system/),
    })
    expect(codes('add', file('m.csv', 'code\na\n'), '--system', 'urn:m', '--tenant', 'nobody')).toMatchObject({ status: 1, err: expect.stringMatching(/no tenant nobody/) }) // prettier-ignore
  })
}, 60_000)

describe('codes list and remove', () => {
  test('show and take away what was loaded; a running server follows', async () => {
    expect(codes('add', file('n.csv', 'code\na\n'), '--system', 'urn:n', '--version', '1').status).toBe(0)
    let now = 0
    const own = withOnly([], { tables: followTables(tables, undefined, () => now) })
    expect((await own.checkCode({ system: 'urn:n', code: 'a' })).result).toBe('yes')
    expect(codes('list').out).toMatch(/urn:n\|1 {2}1 concepts/)
    const late = withOnly([], { tables: followTables(tables, undefined, () => now) })
    expect(late.systems().map(({ url }) => url)).toContain('urn:n')
    expect(codes('remove', '--system', 'urn:n')).toMatchObject({ status: 0, out: 'urn:n|1: removed\n' })
    // listed before, and gone when it is asked
    expect((await late.checkCode({ system: 'urn:n', code: 'a' })).result).toBe('unknown')
    now += 2_000
    expect((await own.checkCode({ system: 'urn:n', code: 'a' })).result).toBe('unknown')
    expect(codes('remove', '--system', 'urn:n')).toMatchObject({ status: 1 })
  })

  test('a broken file is told and passed over', () => {
    writeFileSync(join(tables, 'broken.codes'), 'something else')
    const { status, err } = codes('list')
    rmSync(join(tables, 'broken.codes'))
    expect(status).toBe(0)
    expect(err).toMatch(/broken\.codes cannot be read/)
  })
}, 30_000)

describe('100,000 concepts', () => {
  const words = ['malignant neoplasm', 'fracture', 'injury', 'infection', 'unspecified', 'left', 'right', 'initial encounter', 'of breast', 'of lung', 'chronic'] // prettier-ignore
  const signs = ['惡性腫瘤', '骨折', '損傷', '感染', '未明示', '左側', '右側', '初次就醫', '乳房', '肺', '慢性']
  const lines = ['code,display,display:zh-TW,parent']
  for (let i = 0; i < 100_000; i++) {
    const chosen = [0, 1, 2, 3, 4].map(step => (i * (step + 3) + (i >> (step * 3))) % words.length)
    const code = `${String.fromCharCode(65 + (i % 26))}${String(i).padStart(5, '0')}`
    const parent = i < 26 ? '' : `${String.fromCharCode(65 + (i % 26))}${String(i % 26).padStart(5, '0')}`
    lines.push(`${code},${chosen.map(each => words[each]).join(' ')} ${i},${chosen.map(each => signs[each]).join('')},${parent}`) // prettier-ignore
  }

  test('are loaded in less than 10 s of one core, and found by words in less than 90 ms', async () => {
    const path = file('big.csv', lines.join('\n'))
    const config = readConfig({}, new Map([['DHP_DATA', join(folder, 'data')]]))
    const line = { positionals: ['add', path], flags: new Map(), options: new Map([['system', 'urn:big']]) }
    expect(await cost(async () => expect(await run(config, line)).toBe(0))).toBeLessThan(10_000)
    const own = opened()
    for (const filter of [
      'breast',
      'malig neo left',
      '惡性腫瘤',
      '乳房 慢性',
      'C00',
      'e',
      'ＬＵＮＧ',
      'nothing at all',
    ]) {
      const found = () => own.expand('urn:big?fhir_vs', { filter, count: 20 })
      const { total } = await found()
      expect([filter, total > 0]).toEqual([filter, filter !== 'nothing at all'])
      const taken = await cost(async () => {
        for (let i = 0; i < 15; i++) await found()
      })
      expect([filter, taken / 15 < 90 || taken / 15]).toEqual([filter, true])
    }
    const expected = lines.filter(line => line.includes('惡性腫瘤')).length
    expect((await own.expand('urn:big?fhir_vs', { filter: '惡性腫瘤', count: 0 })).total).toBe(expected)
    const both = lines.filter(line => line.includes('malignant neoplasm') && line.includes('left')).length
    expect((await own.expand('urn:big?fhir_vs', { filter: 'left malig neo', count: 0 })).total).toBe(both)
    const [first] = (await own.expand('urn:big?fhir_vs', { offset: 99_999, count: 5 })).contains
    expect(first!.code).toBe(lines.at(-1)!.split(',')[0])
    expect((await own.expand('urn:big?fhir_vs=isa/A00000', { count: 0 })).total).toBe(lines.filter(line => line.endsWith(',A00000')).length + 1) // prettier-ignore
  }, 120_000)

  test('the file is as others read it: nothing of a temporary one is left', () => {
    expect(readdirSync(tables).filter(name => !name.endsWith('.codes'))).toEqual([])
    expect(readFileSync(join(tables, readdirSync(tables)[0]!)).length).toBeGreaterThan(100)
  })
})
