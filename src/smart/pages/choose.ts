/**
 * Choosing the patient, and the visit, that the app is to work with.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#apps-that-launch-standalone
 */
import { html, type Html } from '../../page/html.ts'
import type { People, Person, Visit } from '../people-directory.ts'
import type { PlainResponse } from '../words.ts'
import { alert, page, type Look } from './layout.ts'
import { personButtons, searchForm } from './sign-in.ts'

/** The patients the user may open, to choose one. `fault`: what was wrong with the choice before. */
export async function patientPage(
  people: People,
  user: Person,
  look: Look,
  fields: Html,
  fault?: string,
): Promise<PlainResponse> {
  const { say, request } = look
  const q = request.query.get('q')?.slice(0, 100) ?? ''
  const found = await people.patientsOf(user, q, 25)
  return page(
    look,
    fault === undefined ? 200 : 400,
    say('Choose a patient', '選擇病人'),
    html`${alert(fault)} ${searchForm(look, q, {})}
      <form method="post">
        ${fields} ${personButtons(found, 'patient', person => person.id)}
        ${found.length === 0 && html`<p>${say('No patient found.', '查無病人。')}</p>`}
      </form>`,
  )
}

/** The visits of the patient, to choose one. */
export function visitPage(visits: readonly Visit[], look: Look, fields: Html, fault?: string): PlainResponse {
  const { say } = look
  return page(
    look,
    fault === undefined ? 200 : 400,
    say('Choose a visit', '選擇就醫紀錄'),
    html`${alert(fault)}
      <form method="post">
        ${fields}
        ${visits.map(
          ({ id, about }) =>
            html`<button class="person" name="encounter" value="${id}">${about}<br /><small>${id}</small></button>`,
        )}
      </form>`,
  )
}
