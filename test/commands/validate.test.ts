/**
 * `validate`: findings with file, line and column, in text, JSON and SARIF; the exit code tells whether there are errors.
 * https://hl7.org/fhir/R4/validation.html
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Bundle, OperationOutcome } from 'fhir/r4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dhp, newFolder } from './running.ts'

const data = newFolder()
const files = newFolder()
afterAll(() => [data, files].forEach(each => rmSync(each, { recursive: true, force: true })))

const at = (name: string) => join(files, name)
const validate = (...args: string[]) => dhp(data, 'validate', ...args)

beforeAll(() => {
  writeFileSync(at('good.json'), '{"resourceType":"Patient","id":"a","gender":"female"}')
  writeFileSync(at('bad.json'), '{\n  "resourceType": "Patient",\n  "gender": "x",\n  "birthDate": "2026-02-30"\n}')
  writeFileSync(at('lines.ndjson'), '{"resourceType":"Patient"}\n\n{"resourceType":"Observation"}\n{"x":}\n')
  writeFileSync(at('packed.json.gz'), gzipSync('{"resourceType":"Patient","nmae":"x"}'))
  writeFileSync(at('broken.json.gz'), Buffer.from([0x1f, 0x8b, 1, 2, 3]))
})

describe('text', () => {
  test('a good file ends with 0, and counts', async () => {
    const { code, out } = await validate(at('good.json'), '--show', 'error')
    expect([code, out]).toEqual([
      0,
      `${at('good.json')}: ok (Patient/a)\n1 resources: 0 errors, 0 warnings, 0 notes.\n`,
    ])
  })

  test('a bad one ends with 1, each error at file:line:column', async () => {
    const { code, out } = await validate(at('bad.json'), '--show', 'error')
    expect(code).toBe(1)
    expect(out).toContain(`${at('bad.json')}:3:3: error: Patient.gender: `)
    expect(out).toContain(`${at('bad.json')}:4:3: error: Patient.birthDate: `)
    expect(out).toMatch(/\n1 resources: 2 errors/)
  })

  test('NDJSON is told by the lines of the file, broken ones too', async () => {
    const { code, out } = await validate(at('lines.ndjson'), '--show', 'error')
    expect(code).toBe(1)
    expect(out).toMatch(/lines\.ndjson:1: ok \(Patient\)/)
    expect(out).toMatch(/lines\.ndjson:3:1: error: Observation: .*status/)
    expect(out).toMatch(/lines\.ndjson:4:6: error: .*JSON/)
  })

  test('folders are looked through, gzipped files too; one that cannot be read is an error and not the end', async () => {
    const { code, out } = await validate(files, '--show', 'error')
    expect(code).toBe(1)
    expect(out).toMatch(/packed\.json\.gz:1:\d+: error: Patient/)
    expect(out).toMatch(/broken\.json\.gz: error: This file cannot be read/)
    expect(out).toMatch(/\n7 resources: /)
  })

  test('is in Chinese when that is asked for', async () => {
    const { out } = await validate(at('bad.json'), '--language', 'zh-TW')
    expect(out).toMatch(/:3:3: 錯誤: Patient\.gender: .*[一-鿿]/)
    expect(out).toMatch(/共 1 筆資源/)
  })

  test('at the level base only says what a write is refused for', async () => {
    const { code, out } = await validate(at('bad.json'), '--level', 'base')
    expect([code, out.match(/error:/g)?.length, /warning:|note:/.test(out)]).toEqual([1, 2, false])
  })
})

describe('profiles', () => {
  test('named with --profile count for each resource', async () => {
    const url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-cancer-patient'
    const { code, out } = await validate(at('good.json'), '--profile', url, '--show', 'error')
    expect([code, out.includes('mcode')]).toEqual([1, true])
    expect((await validate(at('good.json'), '--profile', 'http://example.org/none')).code).toBe(1)
  })

  const twcore = '../shared/data/packages/tw.gov.mohw.twcore-0.3.1.tgz'
  test.skipIf(!existsSync(twcore))('are read from a package file', { timeout: 60_000 }, async () => {
    const url = 'https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition/Patient-twcore'
    const { code, out } = await validate(at('good.json'), '--package', twcore, '--profile', url, '--show', 'error')
    expect([code, /Patient: .*identifier/.test(out)]).toEqual([1, true])
  })

  test('of a package that is not there are told so', async () => {
    const { code, err } = await validate(at('good.json'), '--package', at('none.tgz'))
    expect([code, err]).toEqual([1, `There is no package ${at('none.tgz')}. Give a .tgz file or a folder.\n`])
  })
})

test('json is an OperationOutcome of one resource, a Bundle of them of several', async () => {
  const { code, out } = await validate(at('bad.json'), '--format', 'json')
  const outcome = JSON.parse(out) as OperationOutcome
  expect([code, outcome.resourceType]).toEqual([1, 'OperationOutcome'])
  expect(outcome.issue.some(({ expression }) => expression?.[0] === 'Patient.gender')).toBe(true)
  const bundle = JSON.parse((await validate(files, '--format', 'json')).out) as Bundle<OperationOutcome>
  expect(bundle.entry!.map(({ resource }) => resource!.resourceType)).toEqual(Array(7).fill('OperationOutcome'))
  for (const { resource } of bundle.entry!) expect(resource!.issue.length).toBeGreaterThan(0)
})

test('SARIF 2.1.0 names rule, place and level of each result', async () => {
  const { code, out } = await validate(files, '--format', 'sarif')
  const { version, runs } = JSON.parse(out) as {
    version: string
    runs: {
      tool: { driver: { name: string; rules: { id: string }[] } }
      results: {
        ruleId: string
        ruleIndex: number
        level: string
        message: { text: string }
        locations: { physicalLocation: { artifactLocation: { uri: string }; region?: { startLine: number } } }[]
      }[]
    }[]
  }
  expect([code, version, runs.length]).toEqual([1, '2.1.0', 1])
  const [{ results, tool }] = runs as [(typeof runs)[number]]
  expect(results.length).toBeGreaterThan(5)
  for (const { ruleId, ruleIndex, level, message } of results) {
    expect(tool.driver.rules[ruleIndex]!.id).toBe(ruleId)
    expect(['error', 'warning', 'note']).toContain(level)
    expect(message.text).not.toBe('')
  }
  const gender = results.find(({ message }) => message.text.includes('administrative-gender'))!
  const { artifactLocation, region } = gender.locations[0]!.physicalLocation
  expect(artifactLocation.uri).toMatch(/bad\.json$/)
  expect(region).toEqual({ startLine: 3, startColumn: 3 })
})

test('what cannot be asked is refused with 2 and what can be', async () => {
  for (const [args, said] of [
    [[], 'Say what to validate'],
    [[at('good.json'), '--format', 'xml'], 'text, json, sarif'],
    [[at('good.json'), '--level', 'most'], 'base, full'],
    [[at('good.json'), '--show', 'all'], 'information, warning, error'],
  ] as const) {
    const { code, err } = await validate(...args)
    expect([code, err.includes(said)]).toEqual([2, true])
  }
  expect(await validate(at('nothing.json'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('no file') as string,
  })
})
