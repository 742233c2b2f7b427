/**
 * A MeasureReport against its Measure: groups, populations and stratifiers that the measure has, and a score that fits.
 * https://hl7.org/fhir/R4/measurereport.html
 */
import type { Said } from '../fhir/code-check.ts'
import { childrenNamed, isObject, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import { numberOf, objectOf, objectsOf, textOf, type JsonObject } from './read.ts'
import type { ResourceRule, Run, Severity } from './words.ts'

/** What a continuous variable measures: reported or not. */
const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/measure-population|measure-observation'

interface Look {
  readonly run: Run
  /** individual, subject-list, summary, data-collection */
  readonly type: string
  readonly scoring: string | undefined
}

export const measureReport: ResourceRule = {
  types: ['MeasureReport'],
  check(node, run) {
    const canonical = textOf(node.value, 'measure')
    if (canonical === undefined) return
    const found = canonical.startsWith('#')
      ? run.resolveInside(canonical, node)?.value
      : run.conformance.find('Measure', canonical)
    if (!isObject(found) || found['resourceType'] !== 'Measure')
      return say(
        run,
        node,
        {
          en: `The measure ${quoted(canonical)} is not here, so the report is not checked against it. Load it, or send it along.`,
          zh: `此處沒有 Measure「${quoted(canonical, '')}」，因此未檢查報告。請先載入或一併傳送。`,
        },
        'warning',
      )
    const scoring = objectsOf(objectOf(found, 'scoring'), 'coding').map(each => textOf(each, 'code'))[0]
    const look: Look = { run, type: textOf(node.value, 'type') ?? '', scoring }
    match(node, 'group', objectsOf(found, 'group'), look, (group, of) => {
      checkScore(group, look)
      match(group, 'population', objectsOf(of, 'population'), look, population => checkSubjects(population, look))
      match(group, 'stratifier', objectsOf(of, 'stratifier'), look, () => undefined)
    })
  },
}

function say(run: Run, node: Node, said: Said, severity: Severity = 'error'): void {
  run.report(node, { severity, code: 'business-rule', said })
}

/** Pairs the parts of a report with those of the measure by code; a single one needs none. */
function match(
  holder: Node,
  name: 'group' | 'population' | 'stratifier',
  expected: readonly JsonObject[],
  { run, type }: Look,
  then: (part: Node, of: JsonObject) => void,
): void {
  const given = childrenNamed(holder, name, run.definitions)
  const [only] = expected
  if (name === 'group' && given.length === 1 && expected.length === 1 && only) {
    const codes = codesOf(given[0]!.value)
    if (codes.length > 0 && codesOf(only).length > 0 && !codes.some(code => codesOf(only).includes(code)))
      say(run, given[0]!, unknownCode(name))
    return then(given[0]!, only)
  }
  const met = new Set<JsonObject>()
  for (const part of given) {
    const codes = codesOf(part.value)
    const of = expected.find(each => codesOf(each).some(code => codes.includes(code)))
    if (codes.length === 0)
      say(run, part, {
        en: `A ${name} is known by its code, as the measure has it. Add the code.`,
        zh: `${name} 以代碼對應 Measure，請補上 code。`,
      })
    else if (!of) say(run, part, unknownCode(name))
    else if (met.has(of))
      say(run, part, {
        en: `There is another ${name} with this code above. Keep one.`,
        zh: `前面已有相同代碼的 ${name}，請只保留一個。`,
      })
    else {
      met.add(of)
      then(part, of)
    }
  }
  if (type === 'data-collection') return
  for (const each of expected)
    if (!met.has(each) && codesOf(each).length > 0 && !codesOf(each).includes(OBSERVATION))
      say(run, holder, {
        en: `The measure has a ${name} ${quoted(codesOf(each)[0]!)} that is missing here. Add it.`,
        zh: `Measure 的 ${name}「${quoted(codesOf(each)[0]!, '')}」在此缺少，請補上。`,
      })
}

const unknownCode = (name: string): Said => ({
  en: `The measure has no ${name} with this code. Correct the code.`,
  zh: `Measure 沒有此代碼的 ${name}，請更正。`,
})

function codesOf(part: unknown): readonly string[] {
  const value = isObject(part) ? part['code'] : undefined
  const concepts = Array.isArray(value) ? value : [value]
  return concepts.flatMap(concept => [
    ...objectsOf(concept, 'coding').map(each => `${textOf(each, 'system') ?? ''}|${textOf(each, 'code') ?? ''}`),
    ...(objectsOf(concept, 'coding').length === 0 ? [textOf(concept, 'text') ?? []].flat() : []),
  ])
}

function checkSubjects(population: Node, { run, type }: Look): void {
  const count = numberOf(population.value, 'count')
  const results = objectOf(population.value, 'subjectResults')
  if (type === 'subject-list') {
    if (count !== undefined && count > 0 && !results)
      say(run, population, {
        en: `The count says ${count}, and no list of subjects is given. Add subjectResults, or correct the count.`,
        zh: `count 為 ${count}，但沒有對象清單。請補上 subjectResults 或更正 count。`,
      })
    return
  }
  if (results)
    say(run, population, {
      en: 'Only a report of type subject-list names its subjects. Remove subjectResults, or change the type.',
      zh: '只有 subject-list 類型的報告才列出對象。請移除 subjectResults 或更改 type。',
    })
  if (count === undefined && type !== 'data-collection')
    say(
      run,
      population,
      { en: 'A population has a count. Add it.', zh: '每個 population 應有人數（count），請補上。' },
      'warning',
    )
}

function checkScore(group: Node, { run, type, scoring }: Look): void {
  const score = objectOf(group.value, 'measureScore')
  const prohibited = type === 'data-collection' || scoring === 'cohort'
  if (prohibited) {
    if (score)
      say(run, group, {
        en: `A ${type === 'data-collection' ? 'data collection' : 'cohort measure'} has no score. Remove measureScore.`,
        zh: `${type === 'data-collection' ? '資料收集' : 'cohort 類型的 Measure '}沒有分數，請移除 measureScore。`,
      })
    return
  }
  if (scoring !== 'proportion' && scoring !== 'ratio' && scoring !== 'continuous-variable') return
  if (!score)
    return say(run, group, {
      en: `A measure of type ${scoring} is reported with a score. Add measureScore.`,
      zh: `${scoring} 類型的 Measure 須有分數，請補上 measureScore。`,
    })
  const value = numberOf(score, 'value')
  const extended = objectsOf(score, 'extension').length > 0
  if (value === undefined && !extended)
    return say(run, group, { en: 'The score has no value. Add it.', zh: '分數沒有值，請補上 value。' })
  if (scoring !== 'proportion') return
  if (['unit', 'system', 'code'].some(name => name in score))
    say(run, group, {
      en: 'A proportion is a number without unit. Remove unit, system and code.',
      zh: '比例沒有單位，請移除 unit、system 與 code。',
    })
  if (value !== undefined && (value < 0 || value > 1))
    say(run, group, {
      en: `A proportion is a number from 0 to 1; this is ${value}. Correct it.`,
      zh: `比例須介於 0 與 1 之間，此值為 ${value}，請更正。`,
    })
}
