/**
 * The people of the tenant: who can sign in, and which patients they may open.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import { everything, type Filter } from '../search/query.ts'
import { fold, isUnspaced } from '../search/words.ts'
import type { Store, Version } from '../store/store.ts'

/** Who can be a user. */
export const PERSON_TYPES = ['Practitioner', 'Patient', 'RelatedPerson'] as const
export type PersonType = (typeof PERSON_TYPES)[number]

/** Someone, as a page shows them. */
export interface Person {
  readonly type: PersonType
  readonly id: string
  /** `Patient/1` */
  readonly ref: string
  readonly name: string
  /** What tells people of one name apart: date of birth, record number, profession. */
  readonly about: string
  /** Whose relative, of a RelatedPerson: the id of the Patient. */
  readonly patient?: string
}

/** A visit, as a page shows it. */
export interface Visit {
  readonly id: string
  readonly about: string
}

export interface People {
  /** By a part of the name, or all; at most `count`. */
  find(type: PersonType, text: string, count: number): Promise<Person[]>
  /** Undefined when there is none, or not any more. */
  person(ref: string): Promise<Person | undefined>
  /** The patients this user may choose from: a patient himself, a relative the one cared for, a practitioner all. */
  patientsOf(user: Person, text: string, count: number): Promise<Person[]>
  /** The patient when this user may open the record. */
  patientFor(user: Person, id: string): Promise<Person | undefined>
  /** Newest first. */
  visits(patient: string, count: number): Promise<Visit[]>
}

const isPersonType = (type: string): type is PersonType => (PERSON_TYPES as readonly string[]).includes(type)

export function makePeople(store: Store): People {
  const found = async (type: string, filter: Filter, count: number, dated = false): Promise<Version[]> =>
    (
      await store.find({
        types: [type],
        filter,
        sort: dated ? [{ by: 'param', param: 'date', kind: 'date', descending: true }] : [],
        count,
        total: 'none',
      })
    ).matches.slice()

  const people: People = {
    async find(type, text, count) {
      return (await found(type, named(text), count)).flatMap(version => read(version) ?? [])
    },
    async person(ref) {
      const [type = '', id = ''] = ref.split('/')
      if (!isPersonType(type) || !/^[A-Za-z0-9.-]{1,64}$/.test(id)) return undefined
      const version = await store.read({ type, id })
      return version && read(version)
    },
    async patientsOf(user, text, count) {
      if (user.type === 'Practitioner') return people.find('Patient', text, count)
      const only = await people.person(`Patient/${user.type === 'Patient' ? user.id : (user.patient ?? '')}`)
      return only ? [only] : []
    },
    async patientFor(user, id) {
      const own = user.type === 'Patient' ? user.id : user.type === 'RelatedPerson' ? user.patient : id
      return own === id ? people.person(`Patient/${id}`) : undefined
    },
    async visits(patient, count) {
      const of: Filter = {
        is: 'has',
        param: 'subject',
        kind: 'reference',
        where: { is: 'compare', by: '=', column: 'ref', value: `Patient/${patient}` },
      }
      return (await found('Encounter', of, count, true)).flatMap(visit)
    },
  }
  return people
}

/** Names that begin with the text, or have it in them when it is Chinese. */
function named(text: string): Filter {
  const value = fold(text.slice(0, 100))
  if (value === '') return everything
  return {
    is: 'has',
    param: 'name',
    kind: 'string',
    where: { is: isUnspaced(value) ? 'contains' : 'starts', column: 'text', value },
  }
}

type Fields = Readonly<Record<string, unknown>>
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function read({ ref, text: json }: Version): Person | undefined {
  if (json === undefined || !isPersonType(ref.type)) return undefined
  const resource = fields(JSON.parse(json))
  if (resource['active'] === false) return undefined
  const of = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})(?:\/_history\/.*)?$/.exec(
    text(fields(resource['patient'])['reference']),
  )
  return {
    type: ref.type,
    id: ref.id,
    ref: `${ref.type}/${ref.id}`,
    name: nameOf(list(resource['name'])) || ref.id,
    about: aboutOf(resource, ref.id),
    ...(ref.type === 'RelatedPerson' && of ? { patient: of[1]! } : {}),
  }
}

/** The official name, and another one in brackets: 李國華 (Li, Guo-Hua). */
function nameOf(names: readonly Fields[]): string {
  const printed = names
    .filter(name => name['use'] !== 'old')
    .slice(0, 2)
    .map(name => {
      const parts = [text(name['family']), ...(Array.isArray(name['given']) ? name['given'].map(text) : [])]
      return (text(name['text']) || parts.filter(Boolean).join(isUnspaced(parts.join('')) ? '' : ' ')).slice(0, 100)
    })
    .filter(Boolean)
  return printed.length > 1 ? `${printed[0]!} (${printed[1]!})` : (printed[0] ?? '')
}

function aboutOf(resource: Fields, id: string): string {
  const work = text(fields(list(resource['qualification'])[0]?.['code'])['text'])
  const kin = fields(list(resource['relationship'])[0])
  const relation = text(kin['text']) || text(list(kin['coding'])[0]?.['display'])
  const whose = text(fields(resource['patient'])['display'])
  return [text(resource['birthDate']), work, [relation, whose].filter(Boolean).join(' · '), id]
    .filter(Boolean)
    .join(' · ')
}

function visit({ ref, text: json }: Version): Visit[] {
  if (json === undefined) return []
  const resource = fields(JSON.parse(json))
  const service = fields(resource['serviceType'])
  const kind = fields(list(resource['type'])[0])
  const what = [service, kind]
    .map(each => text(each['text']) || text(list(each['coding'])[0]?.['display']))
    .find(Boolean)
  const parts = [
    text(fields(resource['period'])['start']).slice(0, 10),
    what,
    text(fields(resource['class'])['display']),
    text(resource['status']),
  ]
  return [{ id: ref.id, about: parts.filter(Boolean).join(' · ') || ref.id }]
}
