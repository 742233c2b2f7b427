/**
 * `package`: adds, lists and removes FHIR packages; in the data folder, or through a running server.
 */
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs'
import { makePackages } from '../app.ts'
import { BadSetting, type CommandLine, type Config } from '../config.ts'
import { folderFiles } from '../fhir/package-archive.ts'
import { readPackageId } from '../fhir/package-manifest.ts'
import { didYouMean } from '../search/suggest.ts'
import { lockFolder } from '../store/sqlite/lock.ts'
import type { PackageShown } from '../tenants/packages.ts'
import { Registry } from '../tenants/registry.ts'
import { askAdmin } from './admin.ts'
import { packed } from './pack.ts'

/** What can be done, here or through a running server. */
interface Where {
  list(): Promise<readonly PackageShown[]>
  /** A file, a folder, or `name#version`. */
  add(what: string, dependencies: boolean): Promise<readonly PackageShown[]>
  remove(name: string, version: string): Promise<void>
}

const verbs = ['add', 'list', 'remove']

/** Prints one line for each package. */
export async function run(config: Config, { positionals, options }: CommandLine): Promise<number> {
  const [verb = 'list', what = '', ...more] = positionals
  if (!verbs.includes(verb))
    throw new BadSetting(`package ${verb} is nothing.${didYouMean(verb, verbs)} There are: ${verbs.join(', ')}.`)
  if ((verb === 'list') !== (what === '') || more.length)
    throw new BadSetting(
      {
        add: 'Say what to add: package add FILE, FOLDER or name#version.',
        list: 'package list takes no name.',
        remove: 'Say which one: package remove name#version.',
      }[verb]!,
    )
  const tenant = options.get('tenant')
  const url = options.get('url')
  const work = async (where: Where) => {
    if (verb === 'remove') await where.remove(...idOf(what))
    const lines =
      verb === 'remove' ? [] : await (verb === 'add' ? where.add(what, options.has('with-dependencies')) : where.list())
    process.stdout.write(lines.map(line).join('') || `${verb} ${what}`.trim() + ': done\n')
  }
  if (url === undefined) await here(config, tenant, work)
  else await work(there(url, options.get('token') ?? config.adminToken, tenant))
  return 0
}

const places = { server: 'comes with the server', all: 'for all tenants', tenant: 'for this tenant' }

const line = ({ name, version, from, resources, missing }: PackageShown) =>
  `${name}#${version}: ${resources.toLocaleString('en')} resources, ${places[from]}${missing.length ? `; not here: ${missing.join(', ')}` : ''}\n`

function idOf(text: string): [name: string, version: string] {
  const id = readPackageId(text)
  if (!id) throw new BadSetting(`${text} is not the name of a package with its version: name#version.`)
  return [id.name, id.version]
}

/** What an argument is: a name that is also a file is the file. */
function kindOf(what: string): 'file' | 'folder' | 'name' {
  const found = statSync(what, { throwIfNoEntry: false })
  if (found) return found.isDirectory() ? 'folder' : 'file'
  if (readPackageId(what)) return 'name'
  throw new BadSetting(
    `There is no file or folder ${what}, and it is not the name of a package with its version (name#version).`,
  )
}

async function here(config: Config, tenant: string | undefined, work: (where: Where) => Promise<void>): Promise<void> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.data)
  try {
    if (tenant !== undefined && !new Registry(config.data).get(tenant))
      throw new BadSetting(`There is no tenant ${tenant} in ${config.data}.`)
    const packages = makePackages(config)
    await work({
      list: async () => packages.list(tenant),
      add(what, dependencies) {
        const kind = kindOf(what)
        if (kind === 'name') return packages.addNamed(what, dependencies, tenant)
        const adding =
          kind === 'folder'
            ? packages.add(folderFiles(what), tenant)
            : packages.addArchive(createReadStream(what), tenant)
        return adding.then(one => [one])
      },
      remove: async (name, version) => packages.remove(name, version, tenant),
    })
  } finally {
    lock.release()
  }
}

/** The admin API of a running server. */
function there(url: string, token: string, tenant: string | undefined): Where {
  const ask = askAdmin(url, token)
  const path = `${tenant === undefined ? '' : `tenants/${encodeURIComponent(tenant)}/`}packages`
  const packagesOf = (answer: unknown) => (answer as { packages: PackageShown[] }).packages
  return {
    list: async () => packagesOf(await ask('GET', path)),
    async add(what, dependencies) {
      const kind = kindOf(what)
      if (kind === 'name') return packagesOf(await ask('POST', path, { package: what, dependencies }))
      const archive = kind === 'folder' ? await packed(folderFiles(what)) : readFileSync(what)
      return packagesOf(await ask('POST', path, archive))
    },
    remove: async (name, version) => {
      await ask('DELETE', `${path}/${encodeURIComponent(name)}/${encodeURIComponent(version)}`)
    },
  }
}
