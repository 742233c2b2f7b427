/**
 * Prefetch templates: FHIR reads and searches with tokens in `{{ }}`, filled from the context of a call.
 * https://cds-hooks.hl7.org/2.0/#prefetch-template
 */
import type { Json } from '../fhir/types.ts'

export type Token =
  | { readonly context: string }
  | { readonly user: 'Practitioner' | 'PractitionerRole' | 'Patient' | 'RelatedPerson' }

/** Texts and tokens in turn. */
export type Template = readonly (string | Token)[]

const users = {
  userPractitionerId: 'Practitioner',
  userPractitionerRoleId: 'PractitionerRole',
  userPatientId: 'Patient',
  userRelatedPersonId: 'RelatedPerson',
} as const

const LONGEST = 2000

/** Reads a template. Throws an Error that says what is wrong with it. */
export function readTemplate(text: string): Template {
  if (text.length > LONGEST) throw new Error(`It is longer than ${LONGEST} characters.`)
  const parts = text.split(/\{\{(.*?)\}\}/s)
  const template = parts.map((part, i) => (i % 2 === 0 ? part : tokenOf(part.trim())))
  for (const part of template)
    if (typeof part === 'string' && /\{\{|\}\}/.test(part)) throw new Error('Its {{ and }} do not pair.')
  return template.filter(part => part !== '')
}

function tokenOf(name: string): Token {
  if (Object.hasOwn(users, name)) return { user: users[name as keyof typeof users] }
  const field = /^context\.([A-Za-z][A-Za-z0-9-]{0,60})$/.exec(name)?.[1]
  if (field !== undefined) return { context: field }
  throw new Error(
    `{{${name.slice(0, 60)}}} is no prefetch token: use {{context.name}} for a field of the context, or one of ${Object.keys(users).join(', ')}.`,
  )
}

/** The relative FHIR request, or why there is none: a token that the context has no value for. */
export type Filled = { readonly url: string } | { readonly missing: string }

/**
 * Puts the values in. What comes from the context is a value and never more: it cannot add a parameter, a path or another token.
 */
export function fill(template: Template, context: Readonly<Record<string, Json>>): Filled {
  let url = ''
  let inQuery = false
  for (const part of template) {
    if (typeof part === 'string') {
      url += part
      inQuery ||= part.includes('?')
      continue
    }
    const value = 'user' in part ? userId(part.user, context) : primitive(context, part.context)
    if (value === undefined) return { missing: 'user' in part ? `user${part.user}Id` : `context.${part.context}` }
    if (inQuery) url += encodeURIComponent(value).replace(/%2F/gi, '/')
    // in a path only what names a resource
    else if (/^(?:[A-Z][A-Za-z]{1,60}\/)?[A-Za-z0-9\-.]{1,64}$/.test(value)) url += value
    else return { missing: 'user' in part ? `user${part.user}Id` : `context.${part.context}` }
  }
  return { url }
}

function primitive(context: Readonly<Record<string, Json>>, name: string): string | undefined {
  const value = Object.hasOwn(context, name) ? context[name] : undefined
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  // several references are alternatives
  if (Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'string'))
    return value.map(each => each.replace(/[\\,$|]/g, '\\$&')).join(',')
  return undefined
}

function userId(type: string, { userId: user }: Readonly<Record<string, Json>>): string | undefined {
  if (typeof user !== 'string') return undefined
  const [kind, id] = user.split('/')
  return kind === type ? id : undefined
}

/**
 * What of a template goes beyond what every CDS client can be expected to do; undefined when nothing does.
 * `typeOf`: the kind of a search parameter, undefined for one that is not there; `isType`: whether there is such a resource type.
 * https://cds-hooks.hl7.org/2.0/#prefetch-query-restrictions
 */
export function beyondSubset(
  text: string,
  { isType, typeOf }: { isType(name: string): boolean; typeOf(type: string, code: string): string | undefined },
): string | undefined {
  let template: Template
  try {
    template = readTemplate(text)
  } catch (error) {
    return (error as Error).message
  }
  const shown = template.map(part => (typeof part === 'string' ? part : 'x')).join('')
  const [path = '', query] = shown.split('?', 2)
  const [type = '', id, ...rest] = path.split('/')
  // the whole request may be a reference of the context
  if (template.length === 1 && typeof template[0] !== 'string') return undefined
  if (!isType(type)) return `${type.slice(0, 60) || 'It'} is not a resource type of FHIR R4.`
  if (rest.length > 0 || (id !== undefined && query !== undefined)) return 'It must be Type/id or Type?parameters.'
  if (query === undefined) return id ? undefined : 'It must be Type/id or Type?parameters.'
  for (const pair of query.split('&')) {
    const [name = '', value = ''] = pair.split('=', 2)
    const problem = parameterProblem(type, name, value, typeOf)
    if (problem) return problem
  }
  return undefined
}

function parameterProblem(
  type: string,
  name: string,
  value: string,
  typeOf: (type: string, code: string) => string | undefined,
): string | undefined {
  if (value === '') return `The parameter ${name.slice(0, 60)} has no value.`
  if (name === '_count') return /^\d{1,4}$|^x$/.test(value) ? undefined : '_count must be a number.'
  if (name === '_sort') return undefined
  if (name === '_include' || name === '_revinclude' || name.startsWith('_has') || name.includes('.'))
    return `${name.slice(0, 60)} is beyond what every CDS client can do.`
  const [code = '', modifier] = name.split(':', 2)
  const kind = typeOf(type, code)
  if (kind === undefined) return `${type} has no search parameter ${code.slice(0, 60)}.`
  if (kind === 'token')
    return modifier === undefined || modifier === 'in'
      ? undefined
      : `Of the modifiers, only :in may be used with ${code}.`
  if (modifier !== undefined) return `${name.slice(0, 60)}: no modifier may be used here.`
  if (kind === 'date')
    return /^(?:eq|lt|gt|ge|le)?[\dx]/.test(value) ? undefined : `${code} takes only eq, lt, gt, ge and le.`
  return kind === 'reference'
    ? undefined
    : `${code} is a ${kind} parameter; only tokens, references and dates may be used.`
}
