/**
 * The security scorecard, as far as the settings tell.
 * https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html
 */
import { type Config, loopback } from '../config.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

type Check = (config: Config) => Finding

const isLocal = ({ host }: Config) => loopback.test(host)

const auth: Check = config =>
  config.auth === 'smart'
    ? ok('every request needs a token (DHP_AUTH=smart)')
    : warn(
        'anyone who reaches the server reads and writes everything (DHP_AUTH=open)',
        'fine for made-up patients; set DHP_AUTH=smart for anything else',
      )

const reach: Check = config => {
  if (isLocal(config)) return ok(`only this machine reaches it (HOST=${config.host})`)
  if (config.auth === 'smart') return ok(`other machines reach it, with tokens (HOST=${config.host})`)
  return config.allowOpen
    ? warn(`other machines reach an open server (HOST=${config.host}, DHP_ALLOW_OPEN)`, 'set DHP_AUTH=smart, or HOST=127.0.0.1') // prettier-ignore
    : wrong(`an open server would listen on HOST=${config.host}`, 'set DHP_AUTH=smart, or HOST=127.0.0.1')
}

const transport: Check = config => {
  const { publicUrl, auth } = config
  if (publicUrl.startsWith('https:')) return ok(`clients come by TLS (DHP_PUBLIC_URL=${publicUrl})`)
  if (publicUrl !== '' && !loopback.test(new URL(publicUrl).hostname)) {
    const what = `clients come without TLS (DHP_PUBLIC_URL=${publicUrl})`
    const todo = 'put a proxy with a certificate before it, and give its https URL'
    return auth === 'smart' ? wrong(`${what}: tokens and passwords can be read on the way`, todo) : warn(what, todo)
  }
  if (isLocal(config)) return ok('clients come from this machine, which needs no TLS')
  return warn(
    'other machines reach it, and its public address is not said: the Host header of each request is believed, and TLS cannot be told',
    'set DHP_PUBLIC_URL to the https URL of the proxy before it',
  )
}

const LONG = 24
const adminToken: Check = ({ adminToken }) => {
  if (adminToken === '') return ok('the admin token is made anew, at random, at each start')
  if (new Set(adminToken).size < 8)
    return wrong('the admin token has fewer than 8 different characters', 'take one of `openssl rand -base64 24`')
  return adminToken.length < LONG
    ? warn(`the admin token has fewer than ${LONG} characters`, 'take one of `openssl rand -base64 24`')
    : ok(`the admin token has ${LONG} characters or more`)
}

const audit: Check = ({ audit, auth }) => {
  if (audit === 'all' || (audit === 'auto' && auth === 'smart')) return ok('every access is recorded (DHP_AUDIT)')
  if (audit === 'auto') return ok('what is done with a token is recorded (DHP_AUDIT=auto, in an open server)')
  const todo = 'set DHP_AUDIT=auto'
  if (audit === 'writes') return auth === 'smart' ? warn('reads are not recorded (DHP_AUDIT=writes)', todo) : ok('writes are recorded (DHP_AUDIT=writes)') // prettier-ignore
  return auth === 'smart' ? wrong('nothing is recorded (DHP_AUDIT=off)', todo) : warn('nothing is recorded (DHP_AUDIT=off)', todo) // prettier-ignore
}

const breakGlass: Check = ({ breakGlass, audit, log }) => {
  if (breakGlass === 'off')
    return ok('there is no emergency access, and no label keeps anything from practitioners (DHP_BREAK_GLASS=off)')
  if (audit === 'off')
    return wrong('emergency access would leave no trace (DHP_AUDIT=off)', 'set DHP_AUDIT=auto: the server does not start so') // prettier-ignore
  return log === 'error' || log === 'silent'
    ? wrong(`emergency access is allowed and its alert is not logged (DHP_LOG=${log})`, 'set DHP_LOG=warn, or lower')
    : ok('emergency access needs a reason, is recorded, and is logged as a warning (DHP_BREAK_GLASS=allow)')
}

const log: Check = ({ log }) =>
  log === 'debug' || log === 'trace'
    ? warn(`messages of errors may quote a patient's data into the log (DHP_LOG=${log})`, 'set DHP_LOG=info')
    : ok(`errors are logged without their messages, which may quote data (DHP_LOG=${log})`)

const privateHosts: Check = ({ privateHosts }) => {
  if (privateHosts.length === 0) return ok('the server calls public addresses only (no DHP_PRIVATE_HOSTS)')
  const own = privateHosts.filter(host => /^(?:localhost|127\.|169\.254\.|\[::1\]|\[fe80:)/.test(host))
  return own.length > 0
    ? warn(
        `URLs that others name may lead to this machine itself or its cloud's metadata (${own.join(', ')})`,
        'take them out of DHP_PRIVATE_HOSTS, unless a key or terminology server is just there',
      )
    : ok(`of private networks the server calls only ${privateHosts.join(', ')}`)
}

const outward: Check = ({ terminologyServer, packageRegistry }) => {
  const plain = [terminologyServer, packageRegistry].filter(
    url => url.startsWith('http:') && !loopback.test(new URL(url).hostname),
  )
  return plain.length > 0
    ? warn(`asked without TLS: ${plain.join(', ')}`, 'name their https URLs')
    : ok('no other server is asked without TLS')
}

const cors: Check = ({ auth }) =>
  auth === 'smart'
    ? ok('pages of any origin may call the FHIR API, with a token only: no cookie counts there')
    : warn(
        'any web page that somebody at this machine opens may call the open FHIR API (CORS is *)',
        'keep nothing in it that such a page should not have',
      )

const metrics: Check = config =>
  config.metricsPort === 0 || isLocal(config)
    ? ok('metrics are not open to other machines')
    : warn(
        `metrics are open to whoever reaches port ${config.metricsPort}`,
        'let only Prometheus reach it, or set METRICS_PORT=0',
      )

const unknown: Check = ({ unknownParams }) =>
  unknownParams === 'strict'
    ? ok('a misspelt search parameter is refused')
    : warn('a misspelt search parameter is ignored, and finds more than was asked', 'set DHP_UNKNOWN_PARAMS=strict')

const validation: Check = ({ validation }) =>
  validation === 'off'
    ? warn('what is stored is hardly checked (DHP_VALIDATION=off)', 'set DHP_VALIDATION=base')
    : ok(`what is stored is checked (DHP_VALIDATION=${validation})`)

const deletes: Check = ({ conditionalDelete }) =>
  conditionalDelete === 'single'
    ? ok('one request deletes one resource')
    : warn('a conditional delete may delete many resources at once', 'set DHP_CONDITIONAL_DELETE=single')

const DAYS = 7
const exports: Check = ({ exportHours }) =>
  exportHours <= DAYS * 24
    ? ok(`files of exports are removed after ${exportHours} hours`)
    : warn(
        `files of exports, copies of whole records, are kept for ${exportHours} hours`,
        'set DHP_EXPORT_HOURS to what a client needs to fetch them',
      )

const checks: readonly Check[] = [auth, reach, transport, adminToken, audit, breakGlass, log, cors, privateHosts, outward, metrics, unknown, validation, deletes, exports] // prettier-ignore

/** One finding for each point. */
export const securityOfSettings = (config: Config): Finding[] => checks.map(check => check(config))
