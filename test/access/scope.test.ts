/**
 * SMART scopes, read from their text: what is not exactly a scope grants nothing, and nothing grants more than it says.
 */
import { describe, expect, test } from 'vitest'
import { letters, printScope, printScopes, readScopes, type Scopes } from '../../src/access/scope.ts'
import { narrower } from '../../src/access/scope-narrower.ts'
import { tryScopes } from '../../src/access/scope-words.ts'
import { cost } from '../help/cost.ts'
import { base, definitions } from '../help/server.ts'

const read = (text: string): Scopes => readScopes(text, definitions)
const short = ({ resources }: Scopes) =>
  resources.map(({ level, type, permissions, query }) => `${level} ${type} ${letters(permissions)} ${query}`.trim())
const within = (asked: string, allowed: string) => printScopes(narrower(read(asked), read(allowed)))

describe('reading', () => {
  test.each([
    ['patient/Observation.read', 'patient Observation rs'],
    ['user/*.write', 'user * cud'],
    ['system/Patient.*', 'system Patient cruds'],
    ['patient/*.*', 'patient * cruds'],
    ['patient/Observation.rs', 'patient Observation rs'],
    ['user/Appointment.cruds', 'user Appointment cruds'],
    ['system/*.s', 'system * s'],
    [
      'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
      'patient Observation rs category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
    ],
    ['patient/Condition.r?category=a&clinical-status=active', 'patient Condition r category=a&clinical-status=active'],
    ['patient/*.rs?_security=N', 'patient * rs _security=N'],
    ['patient/Observation.rs?code=a%2Cb%20c', 'patient Observation rs code=a%2Cb%20c'],
  ])('%s', (text, meant) => {
    const scopes = read(text)
    expect(scopes.unknown).toEqual([])
    expect(short(scopes)).toEqual([meant])
    expect(printScopes(scopes), 'told as it was asked').toBe(text)
  })

  test('identity and launch scopes', () => {
    const all =
      'openid fhirUser profile launch launch/patient launch/encounter launch/patient?role=x offline_access online_access'
    expect(read(all)).toEqual({ resources: [], others: all.split(' '), unknown: [] })
  })

  test.each([
    'patient/Observation.sr', // not in order
    'patient/Observation.rr',
    'patient/Observation.',
    'patient/Observation.rx',
    'patient/Observation',
    'patient/Observation.RS',
    'patient/observation.rs',
    'Patient/Observation.rs',
    'patient/Widget.rs',
    'patient/.rs',
    'patient/__proto__.rs',
    'patient/constructor.rs',
    'tenant/Observation.rs',
    'patient/*Observation.rs',
    'patient/Observation.rs.r',
    'patient/Observation.toString',
    'patient/Observation.read?category=x',
    'patient/Observation.rs?',
    'patient/Observation.rs?category',
    'patient/Observation.rs?category=',
    'patient/Observation.rs?category=%ZZ',
    'patient/Observation.rs?category:not=x',
    'patient/Observation.rs?code:in=http://example.org/vs',
    'patient/Observation.rs?subject:Patient.name=x',
    'patient/Observation.rs?patient.name=x',
    'patient/Observation.rs?_has:Observation:patient:code=x',
    'patient/Observation.rs?%63ode%3Amissing=false',
    'patient/Observation.rs?_filter=code%20eq%20x',
    'patient/Observation.rs?_list=1',
    'patient/Observation.rs?_count=1',
    'patient/Observation.rs?_include=*',
    'patient/Observation.rs?nonsense=1',
    'patient/*.cruds?category=x',
    'patient/*.cruds?_has:Observation:patient:code=x',
    'launch/Patient',
    'launch/',
    'launch/nowhere',
    'openId',
    'offline',
    'patient/Observation.rs"x',
    'patient/Observation.rs?code=\\x',
    'pátient/Observation.rs',
  ])('%s grants nothing, and says why', text => {
    const { resources, others, unknown } = read(text)
    expect({ resources, others }).toEqual({ resources: [], others: [] })
    expect(unknown).toHaveLength(1)
    expect(unknown[0]!.why).toMatch(/\w/)
    expect(unknown[0]!.whyZh).toMatch(/[\u4e00-\u9fff]/)
  })

  test('duplicates count once, and what is wrong does not take the others with it', () => {
    const scopes = read(' patient/Observation.rs  patient/Observation.rs\tpatient/Widget.rs openid ')
    expect(short(scopes)).toEqual(['patient Observation rs'])
    expect(scopes.others).toEqual(['openid'])
    expect(scopes.unknown).toHaveLength(1)
  })

  test('levels stand beside one another and do not mix', () => {
    expect(short(read('patient/Observation.r user/Observation.s system/Observation.d'))).toEqual([
      'patient Observation r',
      'user Observation s',
      'system Observation d',
    ])
  })

  test('more than 8 kB, or hundreds of scopes, grant nothing', () => {
    const long = `patient/*.cruds patient/Observation.rs?code=${'x'.repeat(8200)}`
    expect(read(long)).toMatchObject({ resources: [], others: [] })
    const many = `patient/*.cruds ${Array.from({ length: 301 }, (_, i) => `a${i}`).join(' ')}`
    expect(read(many)).toMatchObject({ resources: [], others: [] })
  })

  test('hostile texts are read at once', async () => {
    for (const text of ['patient/'.repeat(1000), '.?'.repeat(4000), 'launch/' + 'a'.repeat(8000), '?&='.repeat(2700)]) {
      expect(await cost(() => expect(read(text).resources).toEqual([]))).toBeLessThan(50)
    }
  })
})

describe('the intersection of what is asked and what is allowed', () => {
  test.each([
    ['patient/Observation.rs', 'patient/*.rs', 'patient/Observation.rs'],
    ['patient/*.rs', 'patient/Observation.rs patient/Condition.r', 'patient/Observation.rs patient/Condition.r'],
    ['patient/*.cruds', 'patient/*.rs', 'patient/*.rs'],
    ['patient/*.*', 'patient/*.read', 'patient/*.rs'],
    ['patient/*.read', 'patient/*.cruds', 'patient/*.read'],
    ['patient/*.read', 'patient/*.r', 'patient/*.r'],
    ['patient/Observation.r', 'patient/Observation.s', ''],
    ['patient/Observation.rs', 'patient/Observation.r patient/*.s', 'patient/Observation.rs'],
    ['patient/Observation.rs', 'user/*.cruds system/*.cruds', ''],
    ['user/*.rs', 'patient/*.cruds', ''],
    ['patient/Observation.rs', 'patient/Observation.rs?category=x', 'patient/Observation.rs?category=x'],
    ['patient/Observation.rs?category=x', 'patient/Observation.rs', 'patient/Observation.rs?category=x'],
    [
      'patient/Observation.rs?category=x',
      'patient/Observation.rs?category=y',
      'patient/Observation.rs?category=x&category=y',
    ],
    ['patient/Observation.rs?category=x', 'patient/Observation.rs?category=x', 'patient/Observation.rs?category=x'],
    ['patient/*.rs?_tag=a', 'patient/Observation.r?code=b', 'patient/Observation.r?_tag=a&code=b'],
    ['patient/Observation.rs', 'patient/Observation.rs?category=x patient/*.rs', 'patient/Observation.rs'],
    ['patient/AuditEvent.rs', 'patient/*.rs', ''],
    ['patient/*.rs', 'patient/AuditEvent.rs', ''],
    ['patient/AuditEvent.rs', 'patient/*.rs patient/AuditEvent.r', 'patient/AuditEvent.r'],
    ['openid fhirUser offline_access', 'openid fhirUser', 'openid fhirUser'],
    ['launch/patient?role=x', 'launch/patient', 'launch/patient?role=x'],
    ['launch/patient', 'launch', ''],
    ['patient/*.rs nonsense', 'patient/*.rs nonsense', 'patient/*.rs'],
    ['patient/*.rs', '', ''],
  ])('%s within %s is %s', (asked, allowed, granted) => {
    expect(within(asked, allowed)).toBe(granted)
    expect(within(granted, allowed), 'granted again').toBe(granted)
    expect(within(granted, asked), 'within what was asked').toBe(granted)
  })

  test('a scope narrowed is told in the form of SMART 2', () => {
    const [scope] = narrower(read('user/Patient.write'), read('user/Patient.u')).resources
    expect(printScope(scope!)).toBe('user/Patient.u')
  })
})

describe('trying scopes', () => {
  const actionsOf = async (text: string, type: string, context = {}) =>
    (await tryScopes(text, { definitions, base, context })).permits.find(({ types }) => types.includes(type))?.actions

  test('says by type and action which resources, in two languages', async () => {
    expect(await actionsOf('patient/Observation.rs?category=laboratory', 'Observation')).toEqual({
      read: {
        en: 'those in the record of the patient that satisfy category=laboratory',
        zh: '該病人的紀錄內的資料，且符合 category=laboratory',
      },
      search: {
        en: 'those in the record of the patient that satisfy category=laboratory',
        zh: '該病人的紀錄內的資料，且符合 category=laboratory',
      },
    })
    expect(await actionsOf('patient/*.cruds', 'Practitioner')).toEqual({
      read: { en: 'all, to be read', zh: '全部（唯讀）' },
      search: { en: 'all, to be read', zh: '全部（唯讀）' },
    })
    expect(Object.keys((await actionsOf('user/*.cruds', 'Patient'))!)).toHaveLength(5)
    expect(await actionsOf('user/*.cruds', 'AuditEvent')).toBeUndefined()
    expect(await actionsOf('patient/*.rs', 'Group')).toBeUndefined()
  })

  test('says what does nothing, and why', async () => {
    const trial = await tryScopes('system/*.rs patient/Observation.rs patient/Condition.rs?onset-date=soon nonsense', {
      definitions,
      base,
      context: { patient: true },
    })
    expect(trial.scope).toBe('system/*.rs patient/Observation.rs patient/Condition.rs?onset-date=soon')
    expect(trial.unknown.map(({ text }) => text)).toEqual(['nonsense'])
    expect(trial.idle.map(({ text }) => text)).toEqual(['system/*.rs', 'patient/Condition.rs?onset-date=soon'])
    const alone = await tryScopes('patient/*.rs', { definitions, base, context: { patient: false } })
    expect(alone.permits).toEqual([])
    expect(alone.idle[0]!.why.en).toContain('launch/patient')
  })
})
