/**
 * Reads the patient in context and picks out what belongs to the cancer, by the mCODE profile that each resource declares.
 * https://hl7.org/fhir/us/mcode/
 */

const types = ['Condition', 'Observation', 'MedicationRequest', 'Procedure']

/** `{patient, condition, secondary, stages, markers, variants, …, unread}`: lists of resources, and the types that could not be read. */
export async function readRecord(client) {
  const patient = await client.patient.read()
  const unread = []
  const lists = await Promise.all(
    types.map(type =>
      client
        // page after page, until there is none
        .request(`${type}?patient=${encodeURIComponent(client.patient.id)}&_count=200`, { pageLimit: 0, flat: true })
        .catch(() => (unread.push(type), [])),
    ),
  )
  const all = lists.flat()
  const declaring = name => all.filter(resource => declares(resource, name))
  return {
    patient,
    primary: declaring('primary-cancer-condition'),
    secondary: declaring('secondary-cancer-condition'),
    stages: [...declaring('tnm-stage-group'), ...declaring('cancer-stage')].sort(newestFirst),
    morphology: [...declaring('histologic-behavior-and-type'), ...declaring('tumor-morphology')],
    biomarkers: [...declaring('tumor-marker-test'), ...declaring('genomic-variant')].sort(newestFirst),
    treatments: [
      ...declaring('cancer-related-medication-request').map(resource => ({ kind: 'medication', resource })),
      ...declaring('cancer-related-surgical-procedure').map(resource => ({ kind: 'surgery', resource })),
      ...declaring('radiotherapy-course-summary').map(resource => ({ kind: 'radiotherapy', resource })),
    ].sort((a, b) => newestFirst(a.resource, b.resource)),
    status: declaring('cancer-disease-status').sort(newestFirst),
    unread,
  }
}

const declares = (resource, name) =>
  (resource.meta?.profile ?? []).some(profile => profile.split('|')[0].endsWith(`/mcode-${name}`))

/** The day a resource speaks of, `2024-03-08`; '' when it does not say. */
export const day = resource =>
  (
    resource.effectiveDateTime ??
    resource.effectivePeriod?.start ??
    resource.performedDateTime ??
    resource.performedPeriod?.start ??
    resource.onsetDateTime ??
    resource.authoredOn ??
    resource.recordedDate ??
    ''
  ).slice(0, 10)

const newestFirst = (a, b) => day(b).localeCompare(day(a))

/** A CodeableConcept as a person reads it: its text, else a display, else a code. */
export const told = concept =>
  concept?.text ?? concept?.coding?.find(coding => coding.display)?.display ?? concept?.coding?.[0]?.code ?? ''

/** The value of an Observation with its unit; of a genetic variant the gene and its change. */
export function value(observation) {
  const parts = (observation.component ?? []).map(part => told(part.valueCodeableConcept) || amount(part.valueQuantity))
  const own =
    told(observation.valueCodeableConcept) || amount(observation.valueQuantity) || (observation.valueString ?? '')
  return [own, ...parts].filter(text => text !== '').join(' · ')
}

// A fraction of one has a unit that is a sentence
const amount = quantity => {
  if (quantity?.value === undefined) return ''
  const unit = quantity.code === '1' ? '' : (quantity.unit ?? quantity.code ?? '')
  return `${quantity.comparator ?? ''}${quantity.value}${unit ? ` ${unit}` : ''}`
}

/** The morphology that a primary cancer condition carries in mCODE's extension. */
export const morphologyOf = condition =>
  told(
    (condition.extension ?? []).find(each => each.url.endsWith('/mcode-histology-morphology-behavior'))
      ?.valueCodeableConcept,
  )
