/**
 * $docref: the documents of a patient. Those there are; this server makes none on demand.
 * https://hl7.org/fhir/us/core/STU6.1/OperationDefinition-docref.html
 */
import type { Coding, DocumentReference } from 'fhir/r4'
import { compartmentGroups } from '../../access/compartment.ts'
import { badRequest, tooCostly } from '../../fhir/outcome.ts'
import { EARLIEST, LATEST, readDate, type DateRange } from '../../fhir/period.ts'
import type { Position } from '../../search/query.ts'
import type { Version } from '../../store/store.ts'
import type { Arguments, Context, FhirResponse, Match, Operation } from '../exchange.ts'
import { quoted } from '../outcome-text.ts'
import { searchset } from '../searchset.ts'

export const docref: Operation = {
  code: 'docref',
  definition: 'http://hl7.org/fhir/us/core/OperationDefinition/docref',
  title: 'The documents of a patient',
  description:
    'A searchset of the current DocumentReferences of a patient: of care from start to end, else the newest of each type. Several types or profiles: those that are any of them. Documents are never generated, so that on-demand=true finds none.',
  system: false,
  type: true,
  instance: false,
  types: ['DocumentReference'],
  affectsState: false,
  action: 'search',
  parameters: [
    { name: 'patient', use: 'in', min: 1, max: '1', type: 'id', documentation: 'The id of the patient.' },
    {
      name: 'start',
      use: 'in',
      min: 0,
      max: '1',
      type: 'dateTime',
      documentation: 'Of care: its period, else its date.',
    },
    {
      name: 'end',
      use: 'in',
      min: 0,
      max: '1',
      type: 'dateTime',
      documentation: 'Of care: its period, else its date.',
    },
    {
      name: 'type',
      use: 'in',
      min: 0,
      max: '*',
      type: 'Coding',
      asToken: true,
      documentation: 'In a URL: system|code.',
    },
    { name: 'on-demand', use: 'in', min: 0, max: '1', type: 'boolean', documentation: 'true: finds none.' },
    {
      name: 'profile',
      use: 'in',
      min: 0,
      max: '*',
      type: 'canonical',
      documentation: 'Of the document, by content.format, or of the DocumentReference.',
    },
    { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
  ],
  run,
}

interface Wanted {
  readonly patient: string
  readonly during: DateRange | undefined
  readonly types: readonly Coding[]
  readonly profiles: readonly string[]
}

async function run(context: Context, _: Match, args: Arguments): Promise<FhirResponse> {
  const wanted = readWanted(args)
  const found = args.get('on-demand')?.[0] === true ? [] : await documents(context, wanted)
  const { base, query } = context.request
  const self = `${base}/DocumentReference/$docref${query ? `?${query}` : `?patient=${wanted.patient}`}`
  const entries = found.map(version => ({ version, mode: 'match' as const }))
  const links = [{ relation: 'self' as const, url: self }]
  return { status: 200, text: searchset({ base, total: found.length, links, entries, now: context.now() }) }
}

function readWanted(args: Arguments): Wanted {
  const time = (name: 'start' | 'end') => {
    const text = args.get(name)?.[0]
    const period = text === undefined ? undefined : readDate(String(text))
    if (text !== undefined && !period)
      throw badRequest(
        `${name} is ${quoted(String(text))}; it should be a time such as 2026-01-31T08:00:00+08:00.`,
        'value',
      )
    return period
  }
  const [start, end] = [time('start'), time('end')]
  return {
    patient: String(args.get('patient')![0]).replace(/^Patient\//, ''),
    during: start || end ? { low: start?.low ?? EARLIEST, high: end?.high ?? LATEST } : undefined,
    types: (args.get('type') ?? []) as unknown as readonly Coding[],
    profiles: (args.get('profile') ?? []).map(profile => String(profile).split('|', 1)[0]!),
  }
}

const MOST = 10_000

/** Newest care first. */
async function documents(context: Context, wanted: Wanted): Promise<readonly Version[]> {
  const found: Found[] = []
  for (const group of compartmentGroups(context.definitions, 'Patient', wanted.patient, ['DocumentReference'])) {
    let after: Position | undefined
    do {
      const { matches, next } = await context.store.find({
        ...group,
        sort: [],
        count: 500,
        total: 'none',
        ...(after ? { after } : {}),
      })
      for (const version of matches) {
        const document = JSON.parse(version.text!) as DocumentReference
        if (fits(document, wanted, context.request.base)) found.push({ version, document, care: careOf(document) })
      }
      if (found.length > MOST)
        throw tooCostly(`The patient has more than ${MOST} documents. Ask by start, end or type.`)
      after = next
    } while (after)
  }
  const sorted = found.sort((a, b) => (b.care?.high ?? EARLIEST) - (a.care?.high ?? EARLIEST))
  return (wanted.during ? sorted : newestOfEachType(sorted)).map(({ version }) => version)
}

interface Found {
  readonly version: Version
  readonly document: DocumentReference
  readonly care: DateRange | undefined
}

function fits(document: DocumentReference, { patient, during, types, profiles }: Wanted, base: string): boolean {
  const { status, subject, type, content, meta } = document
  if (status !== 'current') return false
  const own = subject?.reference
  if (own !== `Patient/${patient}` && own !== `${base}/Patient/${patient}`) return false
  if (during) {
    const care = careOf(document)
    if (!care || care.low > during.high || care.high < during.low) return false
  }
  const isType = ({ system, code }: Coding) =>
    type?.coding?.some(each => each.code === code && (system === undefined || each.system === system)) ?? false
  if (types.length > 0 && !types.some(isType)) return false
  const declared = [
    ...(meta?.profile ?? []).map(profile => profile.split('|', 1)[0]),
    ...(content ?? []).flatMap(({ format }) => [format?.code, format?.system]),
  ]
  return profiles.length === 0 || profiles.some(profile => declared.includes(profile))
}

/** When the care was that the document is about, else when it was written. */
function careOf({ context, date }: DocumentReference): DateRange | undefined {
  const { start, end } = context?.period ?? {}
  const [from, to] = [start, end].map(text => (text === undefined ? undefined : readDate(text)))
  if (from || to) return { low: from?.low ?? EARLIEST, high: to?.high ?? LATEST }
  return date === undefined ? undefined : readDate(date)
}

/** Of several of one type, the first. */
function newestOfEachType(sorted: readonly Found[]): readonly Found[] {
  const seen = new Set<string>()
  return sorted.filter(({ document: { type } }) => {
    const { system, code } = type?.coding?.[0] ?? {}
    const key = JSON.stringify([system, code ?? type?.text])
    return !seen.has(key) && seen.add(key)
  })
}
