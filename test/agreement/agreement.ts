/**
 * How far our validator agrees with HL7's: over the published cases, and (`--packages`) over the examples of packages against the
 * profiles they declare, and (`--definitions`) over the packages' own definitions.
 * Usage: npm run agreement -- [part of a name] [--list] [--json] [--packages | --definitions]
 * https://hl7.org/fhir/R4/validation.html
 */
import { places, readChecks } from './cases.ts'
import { checkPackages } from './examples.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { makeTools } from './validator.ts'

const args = process.argv.slice(2)
const has = (option: string) => args.includes(option)
const wanted = args.find(each => !each.startsWith('--')) ?? ''

if (has('--packages') || has('--definitions')) await checkPackages(wanted, has('--definitions'))
else {
  const checks = readChecks()
  if (!checks) console.log('Skipped: ../shared/data/validation-cases is not there.')
  else {
    const tools = makeTools()
    const outcomes: Outcome[] = []
    for (const check of checks)
      if (`${check.module}/${check.name}`.includes(wanted)) outcomes.push(await outcomeOf(check, tools))
    if (has('--json')) console.log(JSON.stringify(outcomes.map(plain), null, 1))
    else {
      for (const each of outcomes)
        if (each.verdict === 'missed' || each.verdict === 'false alarm' || (has('--list') && !each.samePlaces))
          show(each)
      table(outcomes)
    }
  }
}

function show({ check, expected, found, verdict }: Outcome): void {
  console.log(`\n${check.module}/${check.name}: ${verdict}`)
  for (const each of expected) console.log(`   theirs  ${places(each).join(' | ')}: ${(each.text ?? '').slice(0, 160)}`)
  for (const each of found)
    if (each.severity === 'error')
      console.log(
        `   ours    ${each.expression}: ${each.said.en.slice(0, 200)}${each.origin ? ` [${each.origin}]` : ''}`,
      )
}

function table(outcomes: readonly Outcome[]): void {
  const row = (name: string, of: readonly Outcome[]) => {
    const compared = of.filter(({ verdict }) => verdict !== 'not comparable')
    const agree = compared.filter(({ verdict }) => verdict === 'agrees')
    const same = compared.filter(({ samePlaces }) => samePlaces)
    const percent = (part: number) => (compared.length === 0 ? '-' : `${((100 * part) / compared.length).toFixed(0)} %`)
    const columns = [of.length, compared.length, agree.length, percent(agree.length), same.length, percent(same.length)]
    console.log(name.padEnd(16) + columns.map(each => String(each).padStart(10)).join(''))
  }
  const heads = ['checks', 'compared', 'agree', '', 'places', '']
  console.log(`\n${'module'.padEnd(16)}${heads.map(each => each.padStart(10)).join('')}`)
  for (const [module, of] of Map.groupBy(outcomes, ({ check }) => check.module)) row(module, of)
  row('all', outcomes)
  const slowest = outcomes.toSorted((a, b) => b.milliseconds - a.milliseconds)[0]
  if (slowest) console.log(`\nslowest: ${slowest.check.name}, ${slowest.milliseconds.toFixed(0)} ms`)
  console.log(
    'compared: all but those whose every expected error is about SNOMED CT, LOINC or another system that is not here.',
  )
  console.log('agree: error or no error. places: the errors also stand at the same expressions.')
}

function plain({ check, expected, found, verdict, samePlaces }: Outcome) {
  return {
    name: check.name,
    module: check.module,
    verdict,
    samePlaces,
    expected,
    found,
  }
}
