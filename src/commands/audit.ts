/**
 * `audit`: whether the chain of a tenant's AuditEvents is whole, and the events as NDJSON. The server may be running.
 */
import { existsSync } from 'node:fs'
import { type Head, printHead, readHead, verifyChain } from '../access/audit-chain.ts'
import { JOURNAL } from '../access/audit.ts'
import { countOf, type Journalled } from '../access/audit-journal.ts'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { openToRead } from '../store/sqlite/read-only.ts'
import type { Engine } from '../store/store.ts'
import { DEFAULT } from '../tenants/names.ts'
import { storeOf } from './backup.ts'

type Log = Pick<Engine, 'history' | 'records' | 'close'>

/** `audit verify` and `audit export`; 1 when the chain is broken. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [what, ...more] = positionals
  if ((what !== 'verify' && what !== 'export') || more.length > 0)
    throw new BadSetting('Say what to do: audit verify, or audit export (to standard output).')
  const tenant = options.get('tenant') ?? DEFAULT
  const given = options.get('anchor')
  const anchor = given === undefined ? undefined : readHead(given)
  if (given !== undefined && !anchor)
    throw new BadSetting('--anchor takes what `audit verify` printed as the end of the chain: NUMBER.DIGEST.')
  const store = storeOf(config, tenant)
  if (!existsSync(store)) throw new BadSetting(`There is no tenant ${tenant} in ${config.data}.`)
  const log: Log = openToRead(store)
  try {
    return what === 'verify' ? await verify(log, tenant, anchor) : await print(log)
  } finally {
    await log.close()
  }
}

async function verify(log: Log, tenant: string, anchor: Head | undefined): Promise<number> {
  const { head, events, breaks } = await verifyChain(log, anchor)
  const waiting = (await log.records(JOURNAL).list()).reduce((sum, { value }) => sum + countOf(value as Journalled), 0)
  const later = waiting > 0 ? ` ${waiting} more are noted and not in the chain yet.` : ''
  if (breaks.length === 0) {
    process.stdout.write(
      `The audit log of tenant ${tenant} is whole: ${events} events.${later}\n` +
        `It ends at ${printHead(head)}\nKeep that line elsewhere: --anchor finds out later whether the log still goes through it.\n`,
    )
    return 0
  }
  process.stdout.write(`The audit log of tenant ${tenant} is broken (${events} events were looked at).${later}\n`)
  for (const { kind, at, text } of breaks) process.stdout.write(`${kind} at ${at}: ${text}\n`)
  return 1
}

async function print(log: Log): Promise<number> {
  let after: number | undefined
  do {
    const page = await log.history({
      of: { type: 'AuditEvent' },
      count: 500,
      oldestFirst: true,
      ...(after === undefined ? {} : { after }),
    })
    const text = page.versions.flatMap(version => (version.text === undefined ? [] : [`${version.text}\n`])).join('')
    if (text !== '' && !process.stdout.write(text))
      await new Promise<void>(resolve => process.stdout.once('drain', resolve))
    after = page.next
  } while (after !== undefined)
  return 0
}
