/**
 * The CDS services as an OpenAPI description, made of the schemas that requests are checked against.
 * https://spec.openapis.org/oas/v3.1.0
 */
import { contextSchemas, discoverySchema, feedbackSchema, requestSchema, responseSchema } from './schemas.ts'
import type { CdsService } from './words.ts'

const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const named = (name: string) => ({ $ref: `#/components/schemas/${name}` })

const problems = Object.fromEntries(
  (
    [
      ['400', 'The request is not right; the OperationOutcome says what.'],
      ['401', 'The CDS client did not say who it is.'],
      ['404', 'There is no such service.'],
      ['412', 'Data that the service needs could not be had.'],
      ['413', 'The body is too large.'],
    ] as const
  ).map(([status, description]) => [status, { description, ...json(named('OperationOutcome')) }]),
)

/** `url`: of the discovery, without a trailing slash. */
export function openApi(services: readonly CdsService[], url: string): object {
  const byId = Map.groupBy(services, ({ id }) => id)
  return {
    openapi: '3.1.0',
    info: { title: 'CDS Hooks', version: '2.0', description: 'CDS services of this tenant, as they are now.' },
    servers: [{ url }],
    paths: {
      '/': {
        get: {
          summary: 'Discovery',
          responses: { 200: { description: 'The services.', ...json(named('Discovery')) } },
        },
      },
      ...Object.fromEntries(
        [...byId].flatMap(([id, some]) => [
          [`/${id}`, { post: callOf(id, some) }],
          [`/${id}/feedback`, { post: feedbackTo(id) }],
        ]),
      ),
    },
    components: {
      schemas: {
        Discovery: discoverySchema,
        Response: responseSchema,
        Feedback: feedbackSchema,
        OperationOutcome: { type: 'object', required: ['resourceType', 'issue'] },
        ...Object.fromEntries(Object.entries(contextSchemas).map(([hook, schema]) => [`Context-${hook}`, schema])),
      },
    },
  }
}

function callOf(id: string, services: readonly CdsService[]): object {
  const bodies = services.map(({ hook }) => ({
    allOf: [requestSchema],
    properties: {
      hook: { const: hook },
      ...(contextSchemas[hook] ? { context: named(`Context-${hook}`) } : {}),
    },
  }))
  return {
    operationId: id,
    summary: services[0]!.title,
    description: services.map(({ hook, description }) => `${hook}: ${description}`).join('\n\n'),
    requestBody: { required: true, ...json(bodies.length === 1 ? bodies[0]! : { oneOf: bodies }) },
    responses: { 200: { description: 'Cards.', ...json(named('Response')) }, ...problems },
  }
}

const feedbackTo = (id: string): object => ({
  operationId: `${id}-feedback`,
  summary: 'What users did with cards',
  requestBody: { required: true, ...json(named('Feedback')) },
  responses: { 200: { description: 'Kept.' }, ...problems },
})
