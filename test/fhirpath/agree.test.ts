/**
 * Our interpreter against fhirpath.js: the invariants and search parameters of R4 on the examples, and expressions of
 * every part of the language. Where the two differ, the table says why.
 * https://hl7.org/fhirpath/N1/
 */
import { describe, expect, test } from 'vitest'
import { evaluateAt, type PathFocus } from '../../src/fhir/path.ts'
import { compile } from '../../src/fhirpath/expression.ts'
import { exampleEntries, invariants, type Resource, searchExpressions } from './corpus.ts'
import { observation, onObservation, onPatient, patient, plain } from './expressions.ts'
import { options as given } from './path.ts'

const { definitions, units } = given
const entries = exampleEntries()
const byReference = new Map(
  entries.map(({ fullUrl, resource }) => [fullUrl ?? `${resource.resourceType}/${String(resource['id'])}`, resource]),
)
const resolve = (reference: string) => byReference.get(reference)
const options = { definitions, ...(units ? { units } : {}), resolve }

const focusOn = (value: Resource): PathFocus => ({
  value,
  beside: undefined,
  type: value.resourceType,
  property: value.resourceType,
  index: -1,
  parent: undefined,
})

interface Answer {
  readonly values: unknown[] | undefined
  readonly error?: string
}

function answer(work: () => unknown[]): Answer {
  try {
    return { values: work() }
  } catch (error) {
    return { values: undefined, error: (error as Error).message }
  }
}

const ours = (text: string, resource: Resource) => answer(() => compile(text, options).evaluate(resource))

function theirs(text: string, resource: Resource): Answer {
  const focus = focusOn(resource)
  const env = {
    resource: focus,
    rootResource: focus,
    context: focus,
    ucum: 'http://unitsofmeasure.org',
    sct: 'http://snomed.info/sct',
    loinc: 'http://loinc.org',
  }
  return answer(() =>
    evaluateAt(text, focus, env, {
      resolve: reference => {
        const found = resolve(reference)
        return found && focusOn(found)
      },
      memberOf: () => undefined,
      conformsTo: () => undefined,
    }),
  )
}

/** They print what they computed as texts: `5 'mg'`, and times in UTC; their sums have the digits of binary fractions. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'number' && typeof other === 'number')
    return Math.abs(one - other) <= 1e-12 * Math.max(1, Math.abs(one))
  if (typeof one === 'string' && typeof other === 'string')
    return one === other || (other.endsWith('-00:00') && Date.parse(withZone(one)) === Date.parse(other))
  if (typeof one === 'object' && typeof other === 'string') {
    const [, value, code, word] = /^(\S+) (?:'(.*)'|(\w+?)s?)$/.exec(other) ?? []
    const { value: amount, unit } = one as { value: number; unit: string }
    return isSame(amount, Number(value)) && unit === (code ?? word)
  }
  return JSON.stringify(one) === JSON.stringify(other)
}

const withZone = (text: string) => (/Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)

const agree = (one: Answer, other: Answer) =>
  one.values === undefined || other.values === undefined
    ? one.values === other.values
    : one.values.length === other.values.length && one.values.every((value, i) => isSame(value, other.values![i]))

/** What we answer otherwise, and why. */
const differences: Readonly<Record<string, { readonly ours: unknown[]; readonly why: string }>> = {
  'name.skip(-1).use.count()': { ours: [3], why: 'a number of zero or less skips nothing' },
  '(1 | 2) ~ (2 | 1)': { ours: [true], why: 'equivalence does not depend on the order' },
  '1.005.round(2)': { ours: [1.01], why: '1.005 is a decimal, not the nearest binary fraction below it' },
  'effective.toDate()': { ours: ['2024-05-06'], why: 'a DateTime converts to a Date, also one of FHIR' },
  'descendants().where($this is Extension).url': {
    ours: [...patient.extension.map(({ url }) => url), 'http://example.org/time', 'http://example.org/why'],
    why: 'an extension is an Extension, which is not in their table of types',
  },
  'descendants().ofType(string).count()': {
    ours: [29],
    why: 'the ids of resources and elements are strings, which are not in their table of types',
  },
  'descendants().where($this is Quantity and value > 100).value': {
    ours: [120],
    why: 'what is no Quantity has no value compared: the left side of "and" decides',
  },
}

/** R4's own expressions on which we differ, by what they have in them. */
const exceptions: readonly { readonly has: RegExp; readonly why: string }[] = [
  {
    has: /Observation\.component\.value as/,
    why: '"as" takes one value; search takes those of the type out of many, and so fhirpath.js is asked',
  },
]

/** What R4's own expressions are refused for. */
const refusals: readonly { readonly has: string; readonly why: string }[] = [
  { has: '"htmlChecks" is not supported', why: 'a narrative is checked by $validate' },
  { has: '"conformsTo" is not supported', why: 'profiles are checked by $validate' },
  { has: 'Unknown type "SubscriptionStatus"', why: 'the package has search parameters for a type of R5' },
]

describe('on the examples of the project', () => {
  const byType = Map.groupBy(
    entries.map(({ resource }) => resource),
    resource => resource.resourceType,
  )
  const corpus = { invariants: invariants(), 'search parameters': searchExpressions(definitions) }

  test.each(Object.entries(corpus))(
    'the %s of R4 give what fhirpath.js gives',
    (_, expressions) => {
      const wrong: string[] = []
      let compared = 0
      for (const { type, text } of expressions) {
        if (exceptions.some(({ has }) => has.test(text))) continue
        for (const resource of (byType.get(type) ?? []).slice(0, 4)) {
          const [one, other] = [ours(text, resource), theirs(text, resource)]
          compared++
          if (!agree(one, other)) wrong.push(`${text}: ${JSON.stringify(one)} and not ${JSON.stringify(other)}`)
        }
      }
      expect(wrong).toEqual([])
      expect(compared).toBeGreaterThan(1000)
    },
    120_000,
  )

  test('none of them is refused, but for what is said to be', () => {
    const found = Object.values(corpus).flatMap(expressions =>
      expressions.flatMap(({ text }) => answer(() => (compile(text, options), [])).error ?? []),
    )
    expect(found.filter(message => !refusals.some(({ has }) => message.includes(has)))).toEqual([])
  })
})

describe('every part of the language gives what fhirpath.js gives', () => {
  const lists: [string, readonly string[], Resource][] = [
    ['Patient', onPatient, patient],
    ['Observation', onObservation, observation],
    ['nothing', plain, { resourceType: 'Basic' }],
  ]
  for (const [on, list, resource] of lists)
    test.each(list)(`on ${on}: %s`, text => {
      const one = ours(text, resource)
      const known = differences[text]
      const other = theirs(text, resource)
      if (!known) return expect(agree(one, other), `${JSON.stringify(one)} and not ${JSON.stringify(other)}`).toBe(true)
      expect(one.values, known.why).toEqual(known.ours)
      // a difference that is none any more leaves the table
      expect(agree(one, other), known.why).toBe(false)
    })
})
