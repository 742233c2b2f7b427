/**
 * What `--help` says: the commands with their options, and the settings.
 */
import { flagsOf, settings } from './config.ts'

export interface Option {
  readonly name: string
  /** The word for its value in the help; absent for a switch. */
  readonly value?: string
  readonly meaning: string
}

export interface CommandHelp {
  readonly name: string
  readonly use: string
  readonly meaning: string
  readonly options: readonly Option[]
}

const tenant: Option = { name: 'tenant', value: 'NAME', meaning: 'The tenant; default: default.' }

export const commands: readonly CommandHelp[] = [
  { name: 'serve', use: 'serve', meaning: 'Starts the server (the default command).', options: [] },
  {
    name: 'load',
    use: 'load PATH...',
    meaning:
      'Loads files or folders: Bundles, single resources, .ndjson, also gzipped. Can be repeated: what was loaded is skipped.',
    options: [
      tenant,
      {
        name: 'to',
        value: 'URL',
        meaning: 'Loads into a running server with this FHIR base instead of the data folder.',
      },
      { name: 'token', value: 'TOKEN', meaning: 'Bearer token for --to.' },
      { name: 'parallel', value: 'N', meaning: 'How many files at once; default 4.' },
      { name: 'again', meaning: 'Also loads what the ledger says is loaded.' },
    ],
  },
  {
    name: 'backup',
    use: 'backup FILE|FOLDER',
    meaning: 'Copies a tenant into a new file with a checksum beside it; the server may be running.',
    options: [tenant],
  },
  {
    name: 'restore',
    use: 'restore FILE',
    meaning: 'Puts a backup in place of a tenant, after checking its checksum. The server must be stopped.',
    options: [tenant, { name: 'force', meaning: 'Overwrites a tenant that is there.' }],
  },
  {
    name: 'audit',
    use: 'audit verify|export',
    meaning:
      'verify: whether the audit log of a tenant is whole, and where it was broken. export: its AuditEvents as NDJSON. The server may be running.',
    options: [
      tenant,
      {
        name: 'anchor',
        value: 'NUMBER.DIGEST',
        meaning: 'verify: an end of the chain that was printed earlier, through which it must still go.',
      },
    ],
  },
  {
    name: 'tenants',
    use: 'tenants [list|create|reset|snapshot|snapshots|restore|delete] [NAME] [SNAPSHOT]',
    meaning: 'Looks after tenants: in the data folder, or with --url through a running server.',
    options: [
      { name: 'from', value: 'SEED', meaning: 'create: what it starts with, none or examples; default none.' },
      { name: 'copy-of', value: 'NAME', meaning: 'create: starts as a copy of this tenant.' },
      { name: 'expires', value: 'TIME', meaning: 'create: deleted after this time, such as 2030-01-31T00:00:00Z.' },
      { name: 'url', value: 'URL', meaning: 'The running server, such as http://127.0.0.1:8080.' },
      { name: 'token', value: 'TOKEN', meaning: 'Its admin token; default: DHP_ADMIN_TOKEN.' },
    ],
  },
  {
    name: 'users',
    use: 'users [list|add|disable|enable|password] [USERNAME] [Practitioner/ID]',
    meaning:
      'Who may sign in with a password (DHP_AUTH=smart), as which Practitioner, Patient or RelatedPerson; in the data folder, or with --url through a running server. A password is read from standard input.',
    options: [
      tenant,
      { name: 'url', value: 'URL', meaning: 'The running server, such as http://127.0.0.1:8080.' },
      { name: 'token', value: 'TOKEN', meaning: 'Its admin token; default: DHP_ADMIN_TOKEN.' },
    ],
  },
  {
    name: 'package',
    use: 'package [add|list|remove] [FILE|FOLDER|NAME#VERSION]',
    meaning:
      'FHIR packages of profiles and code systems: a .tgz file, a folder, or one of the registry (DHP_PACKAGE_REGISTRY); in the data folder, or with --url through a running server.',
    options: [
      { name: 'tenant', value: 'NAME', meaning: 'For this tenant only; default: for all.' },
      { name: 'with-dependencies', meaning: 'add NAME#VERSION: also what it depends on.' },
      { name: 'url', value: 'URL', meaning: 'The running server, such as http://127.0.0.1:8080.' },
      { name: 'token', value: 'TOKEN', meaning: 'Its admin token; default: DHP_ADMIN_TOKEN.' },
    ],
  },
  {
    name: 'codes',
    use: 'codes [add|list|remove] [FILE]',
    meaning:
      'Large code systems of a tenant: .csv or .tsv (first line: code, display, definition, parent, status, abstract, display:zh-TW, others are properties), .ndjson (a concept a line) or a FHIR CodeSystem in .json, also gzipped. The server may be running.',
    options: [
      tenant,
      { name: 'system', value: 'URL', meaning: 'The URL of the code system; a FHIR CodeSystem has it in itself.' },
      { name: 'version', value: 'V', meaning: 'Its version; several can stand side by side.' },
      { name: 'name', value: 'TEXT', meaning: 'add: what it is called.' },
      { name: 'format', value: 'F', meaning: 'add: csv, tsv, ndjson or json, when the file name does not say.' },
    ],
  },
  {
    name: 'validate',
    use: 'validate FILE...',
    meaning:
      'Says what is wrong with FHIR data: files or folders, .json or .ndjson, also gzipped. Exit code 1 when there are errors.',
    options: [
      { name: 'profile', value: 'URL', meaning: 'Canonicals to hold each resource against, with commas between.' },
      {
        name: 'package',
        value: 'FILE',
        meaning: 'Packages (.tgz or folder) to judge by besides those added, with commas.',
      },
      { name: 'language', value: 'TAG', meaning: 'en or zh-TW; default: en.' },
      { name: 'format', value: 'F', meaning: 'text, json (OperationOutcome) or sarif; default: text.' },
      { name: 'level', value: 'L', meaning: 'base (what every write is checked for) or full; default: full.' },
      { name: 'show', value: 'S', meaning: 'The least that is shown: information, warning or error.' },
    ],
  },
  {
    name: 'doctor',
    use: 'doctor',
    meaning:
      'Checks settings, versions, disk space, definitions and every database, and prints a scorecard of security. Exit code 1 when something is wrong.',
    options: [{ name: 'json', meaning: 'As JSON.' }],
  },
]

const line = (left: string, right: string, width: number) => `  ${left.padEnd(width)}  ${right}`

/** The help of one command, or of all. Ends with the settings, which every command takes. */
export function help(command?: CommandHelp): string {
  const shown = command ? [command] : commands
  const parts = ['DHP FHIR server: FHIR R4 for the next-generation digital health platform.', '']
  parts.push('Use: node src/main.ts [COMMAND] [FLAGS]', '', command ? 'Command' : 'Commands')
  for (const { use, meaning, options } of shown) {
    parts.push(`  ${use}`, `      ${meaning}`)
    for (const option of options)
      parts.push(line(`    --${option.name}${option.value ? ` ${option.value}` : ''}`, option.meaning, 24))
  }
  parts.push('', 'Settings (environment; a flag of the same name overrides, e.g. --port 9000 or --data /srv/fhir)')
  for (const { name, default: standard, meaning } of Object.values(settings)) {
    parts.push(
      line(`${name}=${standard}`, meaning, 30),
      line(
        '',
        flagsOf(name)
          .map(flag => `--${flag}`)
          .join(', '),
        30,
      ),
    )
  }
  return parts.join('\n') + '\n'
}

/** The settings as the table in README.md. */
export function settingsTable(): string {
  const rows = Object.values(settings).map(
    ({ name, default: standard, meaning }) =>
      `| \`${name}\` | ${standard === '' ? '' : `\`${standard}\``} | ${meaning.replaceAll('|', '\\|')} |`,
  )
  return ['| Setting | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
