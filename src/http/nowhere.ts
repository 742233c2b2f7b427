/**
 * The answer to what is neither FHIR, admin nor health: where to go instead.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { send } from './answer.ts'
import { say } from './problems.ts'
import { requestId } from './request.ts'

const hint = 'There is nothing here. The FHIR API is under /fhir, that of another tenant under /t/{tenant}/fhir.'

export function nowhere(request: IncomingMessage, response: ServerResponse): void {
  const manner = {
    requestId: requestId(request.headers['x-request-id']),
    base: '',
    pretty: false,
    raw: false,
    last: false,
  }
  send(request, response, say(404, 'not-found', hint), manner)
}
