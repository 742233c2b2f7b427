/**
 * The trace of a launch, as a page: each request and answer with its checks, tokens taken apart.
 */
import { html, type Html } from '../../page/html.ts'
import type { KeptCalls } from '../launcher-calls.ts'
import type { TraceEvent, Traces } from '../launcher-trace.ts'
import type { PlainResponse } from '../words.ts'
import { page, type Look } from './layout.ts'

/** Undefined when there is none of this id, or not any more. `home`: the launcher. */
export async function tracePage(
  traces: Traces,
  look: Look,
  id: string,
  home: string,
): Promise<PlainResponse | undefined> {
  const found = /^[\w-]{10,64}$/.test(id) ? await traces.read(id) : undefined
  if (!found) return undefined
  const { say } = look
  return page(
    look,
    200,
    say('What happened in this launch', '此次啟動的過程'),
    html`<p>
        ${found.head.title} ·
        <time datetime="${new Date(found.head.begun).toISOString()}">${new Date(found.head.begun).toISOString()}</time>
      </p>
      <p class="note">
        ${say(
          'Kept for an hour. Codes, secrets and signatures are not shown, so nothing here can be used again.',
          '保留一小時。不顯示授權碼、密鑰與簽章，故此處內容無法再被使用。',
        )}
      </p>
      ${found.events.length === 0 && html`<p>${say('Nothing has happened yet.', '尚無任何紀錄。')}</p>`}
      <ol>
        ${found.events.map(event => html`<li>${eventOf(look, event, found.head.begun)}</li>`)}
      </ol>
      ${callsOf(look, found.calls, found.head.begun)}
      <p><a href="">${say('Load again', '重新載入')}</a> · <a href="${home}">${say('Launcher', '啟動器')}</a></p>`,
  )
}

function callsOf({ say }: Look, { counts, last }: KeptCalls, begun: number): Html {
  const kinds = Object.entries(counts)
  return html`<h2>${say('Requests of the FHIR API', 'FHIR API 請求')}</h2>
    ${kinds.length === 0 &&
    html`<p>${say('None with a token of this launch yet.', '尚無使用此次啟動權杖的請求。')}</p>`}
    ${kinds.length > 0 &&
    html`<p class="note">
        ${say(
          'Without ids, parameters and content. The last ones are listed below, the newest first.',
          '不含 id、參數與內容。以下列出最近的請求，最新者在前。',
        )}
      </p>
      <dl>
        ${kinds.map(
          ([kind, times]) =>
            html`<dt><code>${kind}</code></dt>
              <dd>${times}</dd>`,
        )}
      </dl>
      <ol>
        ${last.toReversed().map(
          ({ at, method, route, status, why, scope }) =>
            html`<li class="${status < 400 ? 'good' : 'bad'}">
              <code>${method} ${route}</code> ${status} <small>+${((at - begun) / 1000).toFixed(1)} s</small>
              ${why !== undefined && html`<br />${why}`}
              ${scope !== undefined && html`<br />${say('Missing scope', '缺少的 scope')}: <code>${scope}</code>`}
            </li>`,
        )}
      </ol>`}`
}

function eventOf({ say }: Look, { what, at, request, answer, checks }: TraceEvent, begun: number): Html {
  return html`<h2>${what} <small>+${((at - begun) / 1000).toFixed(1)} s</small></h2>
    ${checks &&
    checks.length > 0 &&
    html`<ul>
      ${checks.map(
        ({ name, ok, why }) =>
          html`<li class="${ok ? 'good' : 'bad'}">
            ${ok ? say('passed', '通過') : say('failed', '未通過')}: ${name}${why && `: ${why}`}
          </li>`,
      )}
    </ul>`}
    ${request &&
    html`<h3>${say('Request', '請求')}</h3>
      <pre>${JSON.stringify(request, null, 2)}</pre>`}
    ${answer &&
    html`<h3>${say('Answer', '回應')}</h3>
      <pre>${JSON.stringify(answer, null, 2)}</pre>`}`
}

/** The launches of the last hour. */
export async function recentTraces(traces: Traces, { say }: Look, home: string): Promise<Html> {
  const recent = (await traces.recent()).slice(0, 20)
  if (recent.length === 0) return html``
  return html`<h2>${say('Launches of the last hour', '最近一小時的啟動')}</h2>
    <ul>
      ${recent.map(
        ({ id, title, begun }) =>
          html`<li>
            <a href="${home}/trace/${id}">${title}</a>
            <time datetime="${new Date(begun).toISOString()}">${new Date(begun).toISOString().slice(11, 19)}</time>
          </li>`,
      )}
    </ul>`
}
