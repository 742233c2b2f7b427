/**
 * The JSON of CDS Hooks as JSON Schemas: requests and answers are checked against them, and the OpenAPI description is made of them.
 * https://cds-hooks.hl7.org/2.0/
 */
import { type Field, type Hook, hooks } from './hooks.ts'

type Schema = Readonly<Record<string, unknown>>

const ID = '^[A-Za-z0-9\\-.]{1,64}$'
const REFERENCE = '^[A-Z][A-Za-z]{1,60}/[A-Za-z0-9\\-.]{1,64}(/_history/[A-Za-z0-9\\-.]{1,64})?$'
const UUID = '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
const HTTP_URL = '^https?://[^\\s]{1,2000}$'
const text = { type: 'string', minLength: 1 }
const object = { type: 'object' }
const extension = { type: 'object', description: 'What the specification does not say.' }

const resource = (types: readonly string[] = []): Schema => ({
  type: 'object',
  required: ['resourceType'],
  properties: { resourceType: types.length > 0 ? { enum: types } : text },
})

const bundle: Schema = {
  type: 'object',
  required: ['resourceType'],
  properties: {
    resourceType: { const: 'Bundle' },
    entry: { type: 'array', items: { type: 'object', properties: { resource: resource() } } },
  },
}

function fieldSchema({ kind, types }: Field): Schema {
  switch (kind) {
    case 'id':
      return { type: 'string', pattern: ID }
    case 'reference':
      return reference(types)
    case 'references':
      return { type: 'array', minItems: 1, items: reference(types) }
    case 'bundle':
      return bundle
    case 'resource':
      return resource(types)
    case 'resources':
      return { type: 'array', minItems: 1, items: resource(types) }
  }
}

const reference = (types?: readonly string[]): Schema => ({
  type: 'string',
  pattern: types ? REFERENCE.replace('[A-Z][A-Za-z]{1,60}', `(${types.join('|')})`) : REFERENCE,
})

/** The context of a hook. */
export const contextSchema = ({ context, oneOf = [] }: Hook): Schema => ({
  type: 'object',
  required: Object.keys(context).filter(name => context[name]!.required),
  properties: Object.fromEntries(Object.entries(context).map(([name, field]) => [name, fieldSchema(field)])),
  ...(oneOf.length > 0 ? { allOf: oneOf.map(names => ({ anyOf: names.map(name => ({ required: [name] })) })) } : {}),
})

/** The body of a call, but for the context, which is the hook's. */
export const requestSchema: Schema = {
  type: 'object',
  required: ['hook', 'hookInstance', 'context'],
  dependencies: { fhirAuthorization: ['fhirServer'] },
  properties: {
    hook: text,
    hookInstance: { type: 'string', pattern: UUID },
    fhirServer: { type: 'string', pattern: HTTP_URL },
    fhirAuthorization: {
      type: 'object',
      required: ['access_token', 'token_type', 'expires_in', 'scope', 'subject'],
      properties: {
        access_token: text,
        token_type: { const: 'Bearer' },
        expires_in: { type: 'integer' },
        scope: text,
        subject: text,
        patient: text,
      },
    },
    context: object,
    prefetch: {
      type: 'object',
      additionalProperties: { anyOf: [{ type: 'null' }, resource()] },
    },
    extension,
  },
}

const coding: Schema = {
  type: 'object',
  required: ['code'],
  properties: { system: text, code: text, display: text },
}

const action: Schema = {
  type: 'object',
  required: ['type', 'description'],
  properties: {
    type: { enum: ['create', 'update', 'delete'] },
    description: text,
    resource: { anyOf: [resource(), text] },
    resourceId: text,
    extension,
  },
  allOf: [
    {
      if: { properties: { type: { enum: ['create', 'update'] } } },
      then: { required: ['resource'], properties: { resource: resource() } },
      else: { anyOf: [{ required: ['resourceId'] }, { required: ['resource'] }] },
    },
  ],
}

/** Of a system action, as the specification's own example has it, the description may be missing. */
const systemAction: Schema = { ...action, required: ['type'] }

const link: Schema = {
  type: 'object',
  required: ['label', 'url', 'type'],
  properties: {
    label: text,
    url: { type: 'string', pattern: HTTP_URL },
    type: { enum: ['absolute', 'smart'] },
    appContext: text,
    autolaunchable: { type: 'boolean' },
    extension,
  },
  if: { properties: { type: { const: 'absolute' } } },
  then: { properties: { appContext: false } },
}

const card: Schema = {
  type: 'object',
  required: ['summary', 'indicator', 'source'],
  properties: {
    uuid: text,
    summary: { type: 'string', minLength: 1, maxLength: 139 },
    detail: text,
    indicator: { enum: ['info', 'warning', 'critical'] },
    source: {
      type: 'object',
      required: ['label'],
      properties: {
        label: text,
        url: { type: 'string', pattern: HTTP_URL },
        icon: { type: 'string', pattern: HTTP_URL },
        topic: coding,
      },
    },
    suggestions: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['label'],
        properties: {
          label: text,
          uuid: text,
          isRecommended: { type: 'boolean' },
          actions: { type: 'array', minItems: 1, items: action },
          extension,
        },
      },
    },
    selectionBehavior: { enum: ['at-most-one', 'any'] },
    overrideReasons: {
      type: 'array',
      minItems: 1,
      items: { ...coding, required: ['code', 'display'] },
    },
    links: { type: 'array', minItems: 1, items: link },
    extension,
  },
  dependencies: { suggestions: ['selectionBehavior'] },
}

/** The answer to a call. */
export const responseSchema: Schema = {
  type: 'object',
  required: ['cards'],
  properties: {
    cards: { type: 'array', items: card },
    systemActions: { type: 'array', items: systemAction },
    extension,
  },
}

/** The body of `POST …/feedback`. */
export const feedbackSchema: Schema = {
  type: 'object',
  required: ['feedback'],
  properties: {
    feedback: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: {
        type: 'object',
        required: ['card', 'outcome', 'outcomeTimestamp'],
        properties: {
          card: { type: 'string', minLength: 1, maxLength: 200 },
          outcome: { enum: ['accepted', 'overridden'] },
          acceptedSuggestions: {
            type: 'array',
            minItems: 1,
            maxItems: 100,
            items: {
              type: 'object',
              required: ['id'],
              properties: { id: { type: 'string', minLength: 1, maxLength: 200 } },
            },
          },
          overrideReason: {
            type: 'object',
            properties: {
              reason: {
                type: 'object',
                required: ['code'],
                properties: {
                  system: { ...text, maxLength: 500 },
                  code: { ...text, maxLength: 200 },
                  display: { ...text, maxLength: 500 },
                },
              },
              userComment: { ...text, maxLength: 5000 },
            },
          },
          outcomeTimestamp: {
            type: 'string',
            pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$',
          },
          extension,
        },
        if: { properties: { outcome: { const: 'accepted' } } },
        then: { required: ['acceptedSuggestions'] },
      },
    },
  },
}

/** The answer of discovery. */
export const discoverySchema: Schema = {
  type: 'object',
  required: ['services'],
  properties: {
    services: {
      type: 'array',
      items: {
        type: 'object',
        required: ['hook', 'description', 'id'],
        properties: {
          hook: text,
          title: text,
          description: text,
          id: text,
          prefetch: { type: 'object', minProperties: 1, additionalProperties: text },
          usageRequirements: text,
          extension,
        },
      },
    },
  },
}

/** All contexts by hook. */
export const contextSchemas: Readonly<Record<string, Schema>> = Object.fromEntries(
  hooks.map(hook => [hook.name, contextSchema(hook)]),
)
