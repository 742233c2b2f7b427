#!/usr/bin/env node
/**
 * Starts the server, or runs the command that the first argument names.
 */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { BadSetting, CannotGoOn, readCommandLine, readConfig, type CommandLine, type Config } from './config.ts'
import { commands, help } from './help.ts'
import { didYouMean } from './search/suggest.ts'

/** A command of the command line; resolves to the exit code. */
export type Run = (config: Config, line: CommandLine) => Promise<number>

/** Loaded when asked for, so that the server starts without the rest. */
const runs: Readonly<Record<string, () => Promise<{ run: Run }>>> = {
  serve: () => import('./commands/serve.ts'),
  load: () => import('./commands/load.ts'),
  backup: () => import('./commands/backup.ts'),
  restore: () => import('./commands/restore.ts'),
  audit: () => import('./commands/audit.ts'),
  tenants: () => import('./commands/tenants.ts'),
  users: () => import('./commands/users.ts'),
  package: () => import('./commands/package.ts'),
  codes: () => import('./commands/codes.ts'),
  validate: () => import('./commands/validate.ts'),
  doctor: () => import('./commands/doctor.ts'),
}

async function main(args: readonly string[]): Promise<number> {
  const named = args[0] !== undefined && !args[0].startsWith('-')
  const name = named ? args[0]! : 'serve'
  const known = commands.find(command => command.name === name)
  if (!known) throw new BadSetting(`There is no command ${name}.${didYouMean(name, Object.keys(runs))} Try --help.`)
  const own = new Map([
    ...known.options.map(option => [option.name, option.value !== undefined] as const),
    ['help', false] as const,
  ])
  const line = readCommandLine(named ? args.slice(1) : args, own)
  if (line.options.has('help')) {
    process.stdout.write(help(named ? known : undefined))
    return 0
  }
  const config = readConfig(process.env, line.flags)
  const { run } = await runs[name]!()
  return run(config, line)
}

// more than half of a start is reading our own source; kept beside the definitions, and done without when that cannot be written
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/dhp/compile', import.meta.url)))

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const expected =
    error instanceof BadSetting ||
    error instanceof CannotGoOn ||
    ['Locked', 'FhirError'].includes((error as Error).name)
  process.stderr.write(`${expected ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`)
  process.exitCode = error instanceof BadSetting ? 2 : 1
}
