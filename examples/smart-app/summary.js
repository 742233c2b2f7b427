/** The summary as elements of the page. What comes from the record is only ever put in as text. */
import { day, morphologyOf, told, value } from './record.js'
import { say } from './words.js'

function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, each] of Object.entries(attributes)) made.setAttribute(key, each)
  made.append(...children)
  return made
}

const section = (id, ...children) =>
  element(
    'section',
    { 'aria-labelledby': `${id}-title`, id },
    element('h2', { id: `${id}-title` }, say(id)),
    ...children,
  )

const facts = rows =>
  element(
    'dl',
    {},
    ...rows
      .filter(([, text]) => text)
      .flatMap(([name, text]) => [element('dt', {}, say(name)), element('dd', {}, text)]),
  )

const none = () => element('p', {}, say('none'))

function table(columns, rows) {
  if (rows.length === 0) return none()
  const head = element('tr', {}, ...columns.map(name => element('th', { scope: 'col' }, say(name))))
  const body = rows.map(cells => element('tr', {}, ...cells.map(text => element('td', {}, text))))
  // wide tables scroll by themselves, also by keyboard
  return element(
    'div',
    { class: 'scrolls', tabindex: '0' },
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)),
  )
}

/** The sections of the page. */
export const summary = record => [
  demographics(record.patient),
  section('condition', ...(record.primary.length > 0 ? record.primary.map(each => cancer(each, record)) : [none()])),
  section(
    'biomarkers',
    table(
      ['date', 'what', 'value'],
      record.biomarkers.map(each => [day(each), told(each.code), value(each)]),
    ),
  ),
  section(
    'treatments',
    table(
      ['date', 'kind', 'what', 'state'],
      record.treatments.map(({ kind, resource }) => [
        day(resource),
        say(kind),
        told(resource.medicationCodeableConcept ?? resource.code),
        say(resource.status),
      ]),
    ),
  ),
  section(
    'status',
    table(
      ['date', 'value'],
      record.status.map(each => [day(each), value(each)]),
    ),
  ),
]

function demographics(patient) {
  const names = [...new Set((patient.name ?? []).map(named).filter(text => text !== ''))]
  return section(
    'patient',
    element('p', { class: 'name' }, names.join(' ') || patient.id),
    facts([
      ['gender', patient.gender && say(patient.gender)],
      ['born', patient.birthDate],
      ['died', patient.deceasedDateTime?.slice(0, 10)],
    ]),
  )
}

const named = name => name.text ?? [name.family, ...(name.given ?? [])].filter(Boolean).join(' ')

function cancer(condition, record) {
  const own = resource => {
    const related = (resource.extension ?? []).find(each => each.url.endsWith('/mcode-related-condition'))
    const about = [...(resource.focus ?? []), ...(related ? [related.valueReference] : [])]
    return about.some(reference => reference?.reference?.endsWith(`Condition/${condition.id}`))
  }
  const stages = record.stages.filter(own).map(each => `${told(each.code)} ${value(each)} (${day(each)})`)
  const stated = (condition.stage ?? []).map(stage => told(stage.summary))
  const morphology = [morphologyOf(condition), ...record.morphology.filter(own).map(value)]
  return element(
    'article',
    {},
    element('h3', {}, told(condition.code)),
    facts([
      ['diagnosed', day(condition)],
      ['site', (condition.bodySite ?? []).map(told).join(', ')],
      ['morphology', [...new Set(morphology.filter(text => text !== ''))].join(', ')],
      ['stage', [...new Set([...stated, ...stages])].join('; ')],
      // where there are two cancers, what spread is only told when the record says which of them did
      [
        'metastasis',
        record.secondary
          .filter(each => spread(each, condition, record))
          .map(each => told(each.code))
          .join(', '),
      ],
    ]),
  )
}

function spread(secondary, condition, record) {
  const related = (secondary.extension ?? []).find(each => each.url.endsWith('/condition-related'))?.valueReference
  return related ? related.reference?.endsWith(`Condition/${condition.id}`) : record.primary.length === 1
}
