/**
 * Whose records a user may open: those who treat see all of the tenant, others their own and of whom they represent.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#user-level-scopes
 */
import type { Store } from '../store/store.ts'

/** The most patients that one user represents. */
const MOST = 20

/**
 * The ids of the patients whose records are the user's own: of a Patient, of whom a RelatedPerson is related to, of those a Person is
 * linked with. `all` for Practitioner and PractitionerRole; none for everybody else.
 */
export async function patientsOf(user: string, store: Store): Promise<readonly string[] | 'all'> {
  const [type, id, more] = user.split('/')
  if (type === undefined || id === undefined || id === '' || more !== undefined) return []
  if (type === 'Practitioner' || type === 'PractitionerRole') return 'all'
  if (type === 'Patient') return [id]
  if (type === 'RelatedPerson') return related(id, store)
  if (type !== 'Person') return []
  const person = await resourceOf(type, id, store)
  const links = Array.isArray(person?.['link']) ? person['link'].slice(0, MOST) : []
  const found: string[] = []
  for (const link of links) {
    const [of, linked] = local((link as { target?: unknown }).target)
    if (of === 'Patient') found.push(linked)
    if (of === 'RelatedPerson') found.push(...(await related(linked, store)))
  }
  return [...new Set(found)].sort()
}

/** Whether what `patientsOf` says of a user can change while the user is the same. */
export const dependsOnStore = (user: string): boolean => /^(?:RelatedPerson|Person)\//.test(user)

async function related(id: string, store: Store): Promise<readonly string[]> {
  const person = await resourceOf('RelatedPerson', id, store)
  // one who no longer is related, is not
  if (person?.['active'] === false) return []
  const [type, patient] = local(person?.['patient'])
  return type === 'Patient' ? [patient] : []
}

async function resourceOf(type: string, id: string, store: Store): Promise<Record<string, unknown> | undefined> {
  const version = await store.read({ type, id })
  return version?.text === undefined ? undefined : (JSON.parse(version.text) as Record<string, unknown>)
}

function local(value: unknown): readonly [type: string, id: string] | readonly [undefined, ''] {
  const reference = (value as { reference?: unknown } | undefined)?.reference
  const parts = typeof reference === 'string' ? /^([A-Z][A-Za-z]*)\/([A-Za-z0-9\-.]{1,64})$/.exec(reference) : null
  return parts ? [parts[1]!, parts[2]!] : [undefined, '']
}
