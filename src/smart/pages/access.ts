/**
 * Who looked at my record: for patients, and for relatives as far as they may open the record.
 * https://hl7.org/fhir/R4/auditevent.html
 */
import { patientsOf } from '../../access/user-patients.ts'
import { html, type Html } from '../../page/html.ts'
import type { Position } from '../../search/query.ts'
import { recordAccess, type AccessRow } from '../record-access.ts'
import type { PlainRequest, PlainResponse } from '../words.ts'
import { alert, page, type Look } from './layout.ts'
import { ownPage, type Own } from './own.ts'
import type { StepParts } from './step.ts'
import { typeName } from './type-names.ts'

const ROWS = 25

/** `auth/access`; `after`: where the page before ended. */
export const access = (parts: StepParts, request: PlainRequest, base: string): Promise<PlainResponse> =>
  ownPage(parts, request, base, { path: 'auth/access', show: own => shown(parts, own) })

async function shown(parts: StepParts, own: Own): Promise<PlainResponse> {
  const { look, user } = own
  const { say } = look
  const patients = await patientsOf(user, parts.store)
  if (patients === 'all')
    return answered(
      own,
      403,
      html`${alert(
          say(
            'This page is for patients, and for those who represent them. Practitioners do not have it.',
            '本頁僅供病人本人及其代理人使用，醫事人員無法檢視。',
          ),
        )}
        <p>
          ${say(
            'Who may look into the audit log asks for AuditEvent with an app that has that scope.',
            '具稽核權限者，請以具有 AuditEvent 授權範圍的應用程式查詢。',
          )}
        </p>`,
    )
  const [patient] = patients
  if (patient === undefined)
    return answered(
      own,
      403,
      alert(say('There is no patient whose record you may open.', '您目前沒有可檢視病歷的病人。')),
    )
  if (!parts.log)
    return answered(
      own,
      200,
      alert(
        say(
          'This server does not record who looks at records (its audit log is turned off).',
          '本伺服器未啟用稽核紀錄，因此沒有存取紀錄可供檢視。',
        ),
      ),
    )
  const whole = await parts.log.settle()
  const after = positionOf(look.request.query.get('after'))
  const { rows, next } = await recordAccess(parts.store, patient, { count: ROWS, ...(after ? { after } : {}) })
  const person = await parts.people.person(`Patient/${patient}`)
  return answered(
    own,
    200,
    html`<p>${say('Record of', '病歷所屬')} <strong>${person?.name ?? patient}</strong></p>
      ${notes(look, parts.log.level, whole)} ${await list(parts, look, rows)} ${links(look, after, next)}`,
  )
}

const answered = ({ look, signOut }: Own, status: number, body: Html) =>
  page(
    look,
    status,
    look.say('Who looked at my record', '誰看過我的病歷'),
    html`${body}
      <p>
        <a href="${look.base}/auth/grants">${look.say('Apps with access', '已授權的應用程式')}</a>
      </p>
      ${signOut}`,
  )

/** What the list does not tell. */
function notes({ say }: Look, level: string, whole: boolean): Html {
  const some: Readonly<Record<string, string>> = {
    auto: say(
      'This is an open sandbox: what is done without a token is not recorded.',
      '這是開放式沙盒：未使用權杖的存取不會留下紀錄。',
    ),
    writes: say(
      'Here changes, refused attempts and emergency access are recorded, but not every look.',
      '此處僅記錄異動、遭拒的嘗試與緊急存取，並非每次讀取。',
    ),
  }
  return html`${!whole &&
    alert(say('The latest is still being written down. Reload in a moment.', '最新紀錄仍在寫入，請稍後重新整理。'))}
    ${level in some && html`<p class="note">${some[level]}</p>`}
    <p class="note">
      ${say(
        'Newest first, times in UTC. Searches that concern more than 100 patients and exports of many records are in the audit log of the institution, and not all of them are listed here.',
        '由新到舊，時間為 UTC。涉及 100 位以上病人的查詢與大量匯出留存於機構的稽核紀錄，未必列於此處。',
      )}
    </p>`
}

async function list(parts: StepParts, look: Look, rows: readonly AccessRow[]): Promise<Html> {
  const { say } = look
  if (rows.length === 0) return html`<p>${say('Nothing is recorded.', '沒有紀錄。')}</p>`
  const names = new Map<string, string>()
  for (const { app } of rows) if (!names.has(app)) names.set(app, (await parts.client(app, look.base))?.name ?? app)
  return html`<ol>
    ${rows.map(row => item(look, row, names.get(row.app)!))}
  </ol>`
}

function item({ say, language }: Look, row: AccessRow, app: string): Html {
  const types = row.types.map(type => typeName(type, language)).join(say('; ', '；'))
  // the reason of an emergency was given for the patient it was begun with; others may be looked at in it
  const reason = row.what === '110127' ? row.emergency : undefined
  return html`<li>
    <time datetime="${row.when}">${row.when.slice(0, 16).replace('T', ' ')}</time>
    ${row.refused && html`<strong class="bad">${say('Refused', '遭拒')}</strong>`}
    ${row.emergency !== undefined && html`<strong class="bad">${say('Emergency access', '緊急存取')}</strong>`}
    <br />${language === 'en' ? row.words.en : row.words['zh-TW']}
    ${reason !== undefined && html`<br />${say('Reason given: ', '所述理由：')}${reason}`}
    ${types !== '' && html`<br /><small>${types}</small>`}
    ${app !== '' && html`<br /><small>${say('By way of: ', '使用的應用程式：')}${app}</small>`}
  </li> `
}

function links({ say, request }: Look, after: Position | undefined, next: Position | undefined): Html {
  if (!after && !next) return html``
  const lang = request.query.get('lang')
  const to = (query: Record<string, string>) =>
    `?${new URLSearchParams({ ...query, ...(lang === null ? {} : { lang: lang.slice(0, 10) }) }).toString()}`
  return html`<nav aria-label="${say('Pages', '分頁')}">
    <ul>
      ${after && html`<li><a href="${to({})}">${say('Newest', '最新')}</a></li> `}
      ${next && html`<li><a href="${to({ after: String(next.rid) })}" rel="next">${say('Older', '較舊')}</a></li>`}
    </ul>
  </nav>`
}

/** Events are in the order they were written, so that the number of the last one says all. */
const positionOf = (text: string | null): Position | undefined =>
  text !== null && /^\d{1,15}$/.test(text) ? { keys: [], rid: Number(text), type: 'AuditEvent' } : undefined
