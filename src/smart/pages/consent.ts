/**
 * The consent screen: what the app asks for in plain words, each part to be ticked off.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/best-practices.html
 */
import type { Scopes } from '../../access/scope.ts'
import { html, type Html } from '../../page/html.ts'
import type { Person } from '../people-directory.ts'
import type { Client, PlainResponse } from '../words.ts'
import { accessLink, alert, page, type Look } from './layout.ts'
import { otherText, readingOnly, readsAndWrites, scopeText } from './scope-text.ts'

/** What is asked of the user. */
export interface ConsentAsked {
  readonly client: Client
  readonly scopes: Scopes
  readonly user: Person
  readonly patient?: Person
  /** Whether emergency access may be claimed here. */
  readonly breakGlass: boolean
}

/** The page with the form. `fields`: its hidden ones; `fault`: what was wrong with it when it came back. */
export function consentPage(look: Look, asked: ConsentAsked, fields: Html, fault?: string): PlainResponse {
  const { say, language } = look
  const { client, scopes, user, patient } = asked
  const others = scopes.others.map(scope => ({ scope, ...otherText(scope, language) }))
  const needed = others.filter(each => each.needed)
  const optional = others.filter(each => !each.needed)
  // what was unticked stays so when the form comes back
  const before = fault === undefined ? undefined : look.request.form
  const tick = (id: string, name: string, value: string, words: string) =>
    choice(id, name, value, words, before === undefined || before.getAll(name).includes(value))
  const publisher = text(client.listing?.['publisher'])
  return page(
    look,
    fault === undefined ? 200 : 400,
    say(`Allow ${client.name}?`, `允許「${client.name}」？`),
    html`${alert(fault)}
      <dl>
        <dt>${say('You', '您')}</dt>
        <dd>${user.name}</dd>
        ${patient &&
        html`<dt>${say('Patient', '病人')}</dt>
          <dd>${patient.name} <small>${patient.about}</small></dd>`}
        ${publisher &&
        html`<dt>${say('Publisher', '發行者')}</dt>
          <dd>${publisher}</dd>`}
      </dl>
      <form method="post">
        ${fields}
        <fieldset>
          <legend>${say('The app asks to', '此應用程式要求')}</legend>
          ${scopes.resources.length + optional.length === 0 &&
          html`<p>${say('… see no health data.', '……不存取健康資料。')}</p>`}
          ${scopes.resources.map(
            (scope, i) =>
              html`${tick(`s${i}`, 'scope', scope.text, scopeText(scope, language))}
              ${readsAndWrites(scope) &&
              html`<div class="inner">
                ${tick(
                  `w${i}`,
                  'write',
                  scope.text,
                  say('Also add, change or delete (untick: only see)', '也可新增、修改或刪除（取消勾選則僅能檢視）'),
                )}
              </div>`}`,
          )}
          ${optional.map(({ scope, text }, i) => tick(`o${i}`, 'scope', scope, text))}
        </fieldset>
        ${needed.length > 0 &&
        html`<h2>${say('It cannot work without', '必要項目')}</h2>
          <ul>
            ${needed.map(({ text }) => html`<li>${text}</li>`)}
          </ul>`}
        <div class="choice">
          <input type="checkbox" id="remember" name="remember" value="yes" />
          <label class="plain" for="remember">${say('Do not ask again for this app', '不再詢問此應用程式')}</label>
        </div>
        ${asked.breakGlass &&
        html`<details ${fault !== undefined && html`open`}>
          <summary>${say('Emergency access', '緊急存取')}</summary>
          <p>
            ${say(
              'Also shows what is labelled restricted. For emergencies only.',
              '同時顯示標示為限制存取的資料，僅限緊急情況使用。',
            )}
          </p>
          <label for="reason"
            >${say(
              'Reason (is recorded and reported; access ends after 10 minutes)',
              '理由（將留存紀錄並通報，10 分鐘後失效）',
            )}</label
          >
          <input
            id="reason"
            name="break_glass_reason"
            maxlength="500"
            autocomplete="off"
            value="${before?.get('break_glass_reason')?.slice(0, 500) ?? ''}"
          />
          <button name="decision" value="emergency">${say('Take emergency access', '使用緊急存取')}</button>
        </details>`}
        <button name="decision" value="approve">${say('Allow what is ticked', '允許勾選的項目')}</button>
        <button class="quiet" name="decision" value="deny">${say('Do not allow', '不允許')}</button>
      </form>
      <p class="note">
        ${say('You can withdraw this at any time: ', '您可隨時撤回：')}<a href="${look.base}/auth/grants"
          >${say('apps with access', '已授權的應用程式')}</a
        >${user.type !== 'Practitioner' && html`<br />${accessLink(look)}`}
      </p>`,
  )
}

const choice = (id: string, name: string, value: string, text: string, ticked: boolean): Html => html`
  <div class="choice">
    <input type="checkbox" id="${id}" name="${name}" value="${value}" ${ticked && html`checked `} />
    <label class="plain" for="${id}"
      >${text}<br /><small><code>${name === 'scope' && value}</code></small></label
    >
  </div>
`

/** The scopes that were ticked, exactly: what cannot be left out, and what the form names and was asked. */
export function ticked(scopes: Scopes, form: URLSearchParams): string[] {
  const named = new Set(form.getAll('scope'))
  const writing = new Set(form.getAll('write'))
  return [
    ...scopes.others.filter(scope => otherText(scope, 'en').needed || named.has(scope)),
    ...scopes.resources
      .filter(scope => named.has(scope.text))
      .map(scope => (readsAndWrites(scope) && !writing.has(scope.text) ? readingOnly(scope) : scope.text)),
  ]
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
