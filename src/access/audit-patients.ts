/**
 * Whose data something was about: the patients that the resources read or written are of.
 * https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */
import type { Store, Version } from '../store/store.ts'
import type { Recorded } from './audit-words.ts'
import { shownIn } from './shown.ts'

/** Versions whose patients are remembered: a version never changes. */
const REMEMBERED = 5_000

/** The patients of a happening, as `Patient/1`, those asked for first. Reads the versions it names from the whole store. */
export function patientsOf(store: Pick<Store, 'read' | 'readVersion'>): (what: Recorded) => Promise<readonly string[]> {
  const known = new Map<string, readonly string[]>()

  async function of(type: string, id: string, number: string): Promise<readonly string[]> {
    const key = `${type}/${id}/${number}`
    const before = known.get(key)
    if (before) return before
    const found = new Set<string>(type === 'Patient' ? [`Patient/${id}`] : [])
    for (const patient of mentioned(await textOf(type, id, number))) found.add(patient)
    const patients = [...found]
    if (number !== '') {
      if (known.size >= REMEMBERED) known.delete(known.keys().next().value!)
      known.set(key, patients)
    }
    return patients
  }

  /** A deletion has the content before it. */
  async function textOf(type: string, id: string, number: string): Promise<string> {
    const ref = { type, id }
    const version = number === '' ? await store.read(ref) : await store.readVersion(ref, number)
    const before = (version: Version) => store.readVersion(ref, String(Number(version.version) - 1))
    return (version && (version.text ?? (await before(version))?.text)) ?? ''
  }

  return async ({ type = '', id = '', version = '', patient, query, shown = '' }) => {
    const found = new Set<string>(patient ? [patient] : [])
    for (const asked of askedFor(type, query)) found.add(asked)
    if (type !== '' && id !== '' && type !== 'AuditEvent')
      for (const each of await of(type, id, version)) found.add(each)
    for (const { type, id, version } of shownIn(shown))
      if (type !== 'AuditEvent') for (const one of await of(type, id, version)) found.add(one)
    return [...found]
  }
}

/** The patients a resource's text refers to. Quotes inside of a JSON text are escaped, so that only references are found. */
export function mentioned(text: string): Set<string> {
  const found = new Set<string>()
  for (const [, id] of text.matchAll(
    /"reference":"(?:[^"\\]{0,300}\/)?Patient\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^"]{1,64})?"/g,
  ))
    found.add(`Patient/${id!}`)
  return found
}

/** The patients that a search names: a compartment, `patient=`, `subject=Patient/1`, or Patient by `_id`. */
function askedFor(type: string, query: string | undefined): string[] {
  if (query === undefined) return []
  const at = query.indexOf('?')
  const path = at < 0 ? query : query.slice(0, at)
  const found: string[] = []
  const compartment = /(?:^|[ /])Patient\/([A-Za-z0-9\-.]{1,64})\//.exec(path)
  if (compartment) found.push(`Patient/${compartment[1]!}`)
  if (at < 0) return found
  for (const [name, values] of new URLSearchParams(query.slice(at + 1))) {
    const plain = name === 'patient' || name === 'patient:Patient' || name === 'subject:Patient'
    for (const value of values.split(',').slice(0, 100)) {
      const reference = /^(?:https?:\/\/[^|]{1,300}\/)?(?:Patient\/)([A-Za-z0-9\-.]{1,64})$/.exec(value)
      if (reference && (plain || name === 'subject')) found.push(`Patient/${reference[1]!}`)
      else if ((plain || (type === 'Patient' && name === '_id')) && /^[A-Za-z0-9\-.]{1,64}$/.test(value))
        found.push(`Patient/${value}`)
    }
  }
  return found
}
