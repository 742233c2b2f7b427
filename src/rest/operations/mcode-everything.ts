/**
 * $mcode-everything: what of a patient's record declares a profile of mCODE (or one derived from it), and what that refers to, as
 * an mCODE patient Bundle.
 * https://hl7.org/fhir/us/mcode/OperationDefinition-mcode-patient-everything.html
 */
import { printLinks, type BundleLink } from '../../fhir/bundle.ts'
import { gone, notFound, tooCostly } from '../../fhir/outcome.ts'
import type { Position } from '../../search/query.ts'
import type { Version } from '../../store/store.ts'
import { CURSOR, openCursor, sealCursor } from '../cursor.ts'
import type { Arguments, Context, FhirResponse, Match, Operation, OperationParameter, Ref } from '../exchange.ts'
import { refsIn } from '../stored-references.ts'
import { compartmentOf, type Asked } from './everything-record.ts'
import { printArguments, readAsked } from './everything.ts'
import { isOfMcode, MCODE } from './mcode-profiles.ts'

const parameter = (name: string, type: string, documentation: string, max = '1'): OperationParameter => ({
  name,
  use: 'in',
  min: 0,
  max,
  type,
  documentation,
})

export const mcodeEverything: Operation = {
  code: 'mcode-everything',
  definition: `${MCODE}OperationDefinition/mcode-patient-everything`,
  title: 'The cancer record of a patient',
  description:
    'An mCODE patient Bundle (a collection): the patient, all resources of the record that declare an mCODE profile or one derived from it, and those they refer to. With _count it comes in parts, each with the patient in it.',
  system: false,
  type: false,
  instance: true,
  types: ['Patient'],
  affectsState: false,
  action: 'read',
  parameters: [
    parameter('start', 'date', 'Only records of care on or after this day, and those without a date of care.'),
    parameter('end', 'date', 'Only records of care on or before this day, and those without a date of care.'),
    parameter('_since', 'instant', 'Only resources changed at or after this time; the patient is always there.'),
    parameter('_type', 'code', 'Only resources of these types, with commas between; the patient is always there.', '*'),
    parameter('_count', 'integer', 'At most so many resources beside the patient in one Bundle.'),
    parameter(CURSOR, 'string', 'In the links of a part: where the next one begins.'),
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
  run,
}

/** So many resources one record may have here. */
const MOST = 20_000

async function run(context: Context, { type, id }: Match, args: Arguments): Promise<FhirResponse> {
  const focus = { type, id }
  const patient = await context.store.read(focus)
  if (!patient) throw notFound(focus)
  if (patient.text === undefined) throw gone(focus)
  const link = args.get(CURSOR)?.[0]
  const cursor = link === undefined ? undefined : await openCursor<string>(context, String(link))
  const query = cursor ? cursor.query : printArguments(args)
  const params = new URLSearchParams(query)
  const { asked, count } = readAsked(context, params)

  const record = await cancerRecord(context, focus, asked)
  const rest = cursor ? record.filter(version => print(version.ref) > cursor.at) : record
  const part = params.has('_count') ? rest.slice(0, count) : rest
  const links: BundleLink[] = [{ relation: 'self', url: addressOf(context, focus, link, query) }]
  if (part.length < rest.length) {
    const asOf = cursor?.asOf ?? context.now()
    const next = await sealCursor<string>(context, { query, asOf, at: print(part.at(-1)!.ref) }, false)
    links.push({ relation: 'next', url: addressOf(context, focus, next, query) })
  }
  return { status: 200, text: bundle(context, [patient, ...part], links) }
}

function addressOf({ request }: Context, { type, id }: Ref, cursor: unknown, query: string): string {
  const asked = cursor === undefined ? query : `${CURSOR}=${String(cursor)}`
  return `${request.base}/${type}/${id}/$mcode-everything${asked ? `?${asked}` : ''}`
}

/** Without the patient; in the order of `Type/id`. */
async function cancerRecord(context: Context, focus: Ref, asked: Asked): Promise<readonly Version[]> {
  const members = await declared(context, focus, asked)
  const found = new Map(members.map(version => [print(version.ref), version]))
  const named = new Set([...found.keys(), print(focus)])
  for (let open = refsOf(context, members, named); open.length > 0; ) {
    const versions = (await context.store.readMany(open)).filter(version => isAbout(context, version, focus))
    for (const version of versions) found.set(print(version.ref), version)
    if (found.size > MOST) throw tooLarge()
    open = refsOf(context, versions, named)
  }
  return [...found.values()]
    .filter(({ ref, updated }) => (asked.types?.includes(ref.type) ?? true) && updated >= (asked.since ?? 0))
    .sort((a, b) => (print(a.ref) < print(b.ref) ? -1 : 1))
}

/** The resources of the patient's compartment that are mCODE's. */
async function declared(context: Context, focus: Ref, asked: Asked): Promise<readonly Version[]> {
  const isMcode = isOfMcode(context.conformance?.())
  const found: Version[] = []
  for (const { types, filter } of compartmentOf(context, focus, asked)) {
    let after: Position | undefined
    do {
      const { matches, next } = await context.store.find({
        types,
        filter,
        sort: [],
        count: 500,
        total: 'none',
        ...(after ? { after } : {}),
      })
      found.push(...matches.filter(version => isMcode(version.text!) && isAbout(context, version, focus)))
      if (found.length > MOST) throw tooLarge()
      after = next
    } while (after)
  }
  return found
}

/** Whether a resource speaks of no other patient, and is none. */
function isAbout({ request }: Context, { ref, text }: Version, focus: Ref): boolean {
  const isOther = ({ type, id }: Ref) => type === 'Patient' && id !== focus.id
  return ref.type !== 'Patient' && !refsIn(text!, request.base).some(isOther)
}

/** What these refer to and is not in `named` yet, which it then is. */
function refsOf({ request, definitions }: Context, versions: readonly Version[], named: Set<string>): Ref[] {
  const open: Ref[] = []
  for (const { text } of versions)
    for (const ref of refsIn(text!, request.base)) {
      if (named.has(print(ref)) || !definitions.isResourceType(ref.type)) continue
      named.add(print(ref))
      open.push(ref)
    }
  return open
}

const print = ({ type, id }: Ref) => `${type}/${id}`

const tooLarge = () =>
  tooCostly(`The record has more than ${MOST} resources. Ask for a part of it by start, end or _type.`)

function bundle({ request, now }: Context, versions: readonly Version[], links: readonly BundleLink[]): string {
  const time = new Date(now()).toISOString()
  const root = JSON.stringify(`${request.base}/`).slice(0, -1)
  const entries = versions.map(({ ref, text }) => `{"fullUrl":${root}${print(ref)}","resource":${text!}}`)
  const profile = `"profile":["${MCODE}StructureDefinition/mcode-patient-bundle"]`
  return `{"resourceType":"Bundle","meta":{"lastUpdated":"${time}",${profile}},"type":"collection","timestamp":"${time}",${printLinks(links)},"entry":[${entries.join(',')}]}`
}
