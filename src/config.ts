/**
 * Every setting of the server: its name, default and meaning, read once from the environment and the flags, and frozen.
 * `--help` and the table in README.md are made from this list.
 */
import { didYouMean } from './search/suggest.ts'

/** A setting or flag that cannot be used; the text tells how to mend it. The process ends with exit code 2. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting'
}

/** Something outside is in the way: a port, a server, a file. The process ends with exit code 1 and this text, no stack. */
export class CannotGoOn extends Error {
  override readonly name = 'CannotGoOn'
}

export interface Setting<T> {
  /** The environment variable; the flag is the same name in lower case with dashes (`--dhp-data`, or shorter `--data`). */
  readonly name: string
  /** As it would be written in the environment; '' when there is none. */
  readonly default: string
  readonly meaning: string
  /** The value of a text; throws `BadSetting` with what is accepted. */
  readonly read: (text: string, name: string) => T
}

const setting = <T>(
  name: string,
  standard: string,
  meaning: string,
  read: (text: string, name: string) => T,
): Setting<T> => ({
  name,
  default: standard,
  meaning,
  read,
})

const refuse = (name: string, text: string, accepted: string): never => {
  throw new BadSetting(`${name}=${text} cannot be used. It takes ${accepted}.`)
}

const plain = (text: string) => text

function port(text: string, name: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  return value <= 65535 ? value : refuse(name, text, 'a port number from 0 to 65535')
}

function count(text: string, name: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return value > 0 ? value : refuse(name, text, 'a whole number greater than 0')
}

function yes(text: string, name: string): boolean {
  if (text === 'true' || text === '1' || text === 'yes') return true
  return text === 'false' || text === '0' || text === 'no' ? false : refuse(name, text, 'true or false')
}

const scale: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
function bytes(text: string, name: string): number {
  const found = /^(\d{1,12}) ?([kmg]?)(?:i?b)?$/i.exec(text)
  const value = found ? Number(found[1]) * scale[found[2]!.toLowerCase()]! : 0
  return value > 0 && value <= 512 * 1024 ** 2
    ? value
    : refuse(name, text, 'a size up to 512 MiB, such as 16MiB or 1048576')
}

function url(text: string, name: string): string {
  if (text === '') return ''
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const fine = parsed && /^https?:$/.test(parsed.protocol) && !parsed.search && !parsed.hash && !parsed.username
  return fine
    ? text.replace(/\/+$/, '')
    : refuse(name, text, 'an absolute http(s) URL without query, such as https://sandbox.example.org')
}

function hosts(text: string, name: string): readonly string[] {
  const all = text
    .toLowerCase()
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '')
  // as a URL writes them: an IPv6 address in brackets, no scheme, no path
  const wrong = all.find(each => !/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(each))
  return wrong === undefined
    ? all
    : refuse(name, text, 'hosts with commas between, such as tx.example.org,10.0.0.5:8080')
}

const oneOf =
  <const T extends string>(...names: readonly T[]) =>
  (text: string, name: string): T =>
    (names as readonly string[]).includes(text) ? (text as T) : refuse(name, text, `one of: ${names.join(', ')}`)

/** The table. Its keys are the names in the code. */
export const settings = {
  port: setting('PORT', '8080', 'TCP port of the FHIR server; 0 takes any free one.', port),
  host: setting('HOST', '127.0.0.1', 'Address to listen on.', plain),
  metricsPort: setting(
    'METRICS_PORT',
    '8081',
    'TCP port of Prometheus /metrics, on the same address; 0 turns it off.',
    port,
  ),
  data: setting('DHP_DATA', './data', 'Folder of the databases; made when missing. One process at a time.', plain),
  store: setting('DHP_STORE', 'sqlite', 'Storage engine.', oneOf('sqlite')),
  seed: setting(
    'DHP_SEED',
    'examples',
    'What a new default tenant starts with: examples (synthetic patients) or none.',
    oneOf('examples', 'none'),
  ),
  auth: setting(
    'DHP_AUTH',
    'open',
    'open: a request without a token acts as the sandbox user. smart: every request needs a token.',
    oneOf('open', 'smart'),
  ),
  audit: setting(
    'DHP_AUDIT',
    'auto',
    'What the audit log records: all, writes (and refusals), off, or auto (with DHP_AUTH=smart all; when open, what is done with a token).',
    oneOf('auto', 'off', 'writes', 'all'),
  ),
  cdsClients: setting(
    'DHP_CDS_CLIENTS',
    'auto',
    'Whether calls of CDS services need the token of a trusted CDS client: required, optional, or auto (required with DHP_AUTH=smart).',
    oneOf('auto', 'required', 'optional'),
  ),
  breakGlass: setting(
    'DHP_BREAK_GLASS',
    'off',
    'Emergency access: allow keeps resources labelled restricted (R, V of v3-Confidentiality) from practitioners, unless they give a reason: then for ten minutes, with an alert in the log; or off: labels keep nothing from them.',
    oneOf('off', 'allow'),
  ),
  allowOpen: setting(
    'DHP_ALLOW_OPEN',
    'false',
    'Lets DHP_AUTH=open listen on an address other machines can reach.',
    yes,
  ),
  adminToken: setting(
    'DHP_ADMIN_TOKEN',
    '',
    'Bearer token of /admin (16 characters or more); generated and printed at start when absent.',
    token,
  ),
  publicUrl: setting(
    'DHP_PUBLIC_URL',
    '',
    'How clients reach the server (https://sandbox.example.org), without /fhir; the Host header tells when absent.',
    url,
  ),
  log: setting(
    'DHP_LOG',
    'info',
    'Least level logged, as JSON lines on stderr: trace, debug, info, warn, error or silent.',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
  ),
  packageRegistry: setting(
    'DHP_PACKAGE_REGISTRY',
    '',
    'URL of the FHIR package registry that `package add name#version` asks; without it none is asked.',
    url,
  ),
  terminologyServer: setting(
    'DHP_TERMINOLOGY_SERVER',
    '',
    'FHIR base of a terminology server that is asked about codes which cannot be checked here, unless a tenant names another; without it none is asked.',
    url,
  ),
  privateHosts: setting(
    'DHP_PRIVATE_HOSTS',
    '',
    'Hosts in private networks that the server may call (tx.hospital.example, 10.0.0.5:8080), with commas between; all others must be on the public internet.',
    hosts,
  ),
  maxBody: setting('DHP_MAX_BODY', '16MiB', 'Largest request body, inflated.', bytes),
  maxBundle: setting('DHP_MAX_BUNDLE', '5000', 'Most entries of one batch or transaction.', count),
  exportHours: setting('DHP_EXPORT_HOURS', '24', 'How long the files of a bulk export are kept, in hours.', count),
  conditionalDelete: setting(
    'DHP_CONDITIONAL_DELETE',
    'single',
    'Whether a conditional delete may delete several resources: single or multiple.',
    oneOf('single', 'multiple'),
  ),
  validation: setting(
    'DHP_VALIDATION',
    'base',
    'How closely what is stored is looked at, unless a tenant says otherwise: off (FHIR JSON with known elements), base (also required elements, formats, codes of fixed lists) or full (also the profiles it declares).',
    oneOf('off', 'base', 'full'),
  ),
  unknownParams: setting(
    'DHP_UNKNOWN_PARAMS',
    'strict',
    'Unknown search parameters when Prefer: handling says nothing: strict (400) or lenient (ignored).',
    oneOf('strict', 'lenient'),
  ),
}

function token(text: string, name: string): string {
  // b64token of RFC 6750: anything else could not be sent in an Authorization header
  return text === '' || /^[A-Za-z0-9._~+/-]{16,512}=*$/.test(text)
    ? text
    : refuse(name, '***', 'at least 16 of the characters A-Z a-z 0-9 . _ ~ + / -')
}

export type Config = { readonly [K in keyof typeof settings]: ReturnType<(typeof settings)[K]['read']> }

const keys = Object.keys(settings) as (keyof typeof settings)[]

/** The flags a setting goes by: `--dhp-data` and `--data`. */
export function flagsOf(name: string): string[] {
  const flag = name.toLowerCase().replaceAll('_', '-')
  return flag.startsWith('dhp-') ? [flag, flag.slice(4)] : [flag]
}

const flagged = new Map<string, Setting<unknown>>(
  keys.flatMap(key => flagsOf(settings[key].name).map(flag => [flag, settings[key] as Setting<unknown>] as const)),
)

/** Settings from the environment, overridden by flags (names as in the environment). An empty text is as if absent. Throws `BadSetting`. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  flags: ReadonlyMap<string, string> = new Map(),
): Config {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('DHP_') && !keys.some(key => settings[key].name === name)) {
      throw new BadSetting(
        `There is no setting ${name}.${didYouMean(
          name,
          keys.map(key => settings[key].name),
        )}`,
      )
    }
  }
  const config = Object.fromEntries(
    keys.map(key => {
      const { name, default: standard, read } = settings[key] as Setting<unknown>
      return [key, read(flags.get(name) || environment[name]?.trim() || standard, name)]
    }),
  ) as Config
  return Object.freeze(config)
}

/** Hosts that only this machine reaches. */
export const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

/** Refuses to serve the world without any check of who asks. */
export function checkExposure(config: Config): void {
  if (config.auth === 'open' && !config.allowOpen && !loopback.test(config.host)) {
    throw new BadSetting(
      `DHP_AUTH=open on HOST=${config.host} would let anyone on the network read and write everything. ` +
        'Listen on 127.0.0.1, set DHP_AUTH=smart, or say --allow-open if that is what you want.',
    )
  }
}

/** Refuses emergency access that nobody would hear of. */
export function checkEmergency({ breakGlass, audit }: Config): void {
  if (breakGlass === 'allow' && audit === 'off')
    throw new BadSetting(
      'DHP_BREAK_GLASS=allow with DHP_AUDIT=off would leave no trace of emergencies. Turn the audit log on, or set DHP_BREAK_GLASS=off.',
    )
}

/** The command line, taken apart. */
export interface CommandLine {
  readonly positionals: readonly string[]
  /** Settings given as flags, by environment name. */
  readonly flags: ReadonlyMap<string, string>
  /** The command's own options; 'true' for those without a value. */
  readonly options: ReadonlyMap<string, string>
}

/**
 * Takes the command line apart: `--name value`, `--name=value`, and `--` before what only looks like a flag.
 * `own` are the command's own options, with whether they take a value. Throws `BadSetting` on what it does not know.
 */
export function readCommandLine(args: readonly string[], own: ReadonlyMap<string, boolean>): CommandLine {
  const positionals: string[] = []
  const flags = new Map<string, string>()
  const options = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (arg === '--') {
      positionals.push(...args.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      positionals.push(arg)
      continue
    }
    const [flag, given] = split(arg)
    const setting = own.has(flag) ? undefined : flagged.get(flag)
    if (!setting && !own.has(flag))
      throw new BadSetting(
        `There is no flag ${arg.split('=')[0]}.${didYouMean(flag, [...own.keys(), ...flagged.keys()])}`,
      )
    const wants = setting ? setting.read !== (yes as unknown) : own.get(flag)
    const value = given ?? (wants ? args[++i] : 'true')
    if (value === undefined) throw new BadSetting(`--${flag} needs a value.`)
    if (setting) flags.set(setting.name, value)
    else options.set(flag, value)
  }
  return { positionals, flags, options }
}

function split(arg: string): [flag: string, value: string | undefined] {
  const name = arg === '-h' ? 'help' : arg.replace(/^--?/, '')
  const at = name.indexOf('=')
  return at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)]
}
