/**
 * The examples of FHIR packages against the profiles that they declare: each error is either theirs or ours.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CanonicalResource, LoadedPackage } from '../../src/fhir/conformance.ts'
import { parseJson } from '../../src/fhir/json.ts'
import { packageFiles } from '../../src/fhir/package-archive.ts'
import type { Finding } from '../../src/validation/words.ts'
import { DATA } from './cases.ts'
import { makeTools, packageOf } from './validator.ts'

interface Example {
  readonly file: string
  readonly resource: unknown
}

interface ExampleSet {
  readonly name: string
  readonly examples: readonly Example[]
  /** Absent when the package comes with the server. */
  readonly loaded?: LoadedPackage
}

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** `definitions`: the packages' own profiles, value sets and so on, and not their examples. */
export async function checkPackages(wanted: string, definitions: boolean): Promise<void> {
  const sets: ExampleSet[] = []
  for (const name of ['hl7.fhir.us.mcode', 'hl7.fhir.uv.genomics-reporting']) {
    const folder = join(modules, name, definitions ? '' : 'example')
    if (name.includes(wanted) && existsSync(folder)) sets.push({ name, examples: fromFolder(folder) })
  }
  for (const archive of ['hl7.fhir.us.core-6.1.0', 'tw.gov.mohw.twcore-0.3.1']) {
    const path = join(DATA, 'packages', `${archive}.tgz`)
    if (!archive.includes(wanted)) continue
    if (existsSync(path)) sets.push(await fromArchive(archive, path, definitions))
    else console.log(`Skipped: ${archive}.tgz is not in ../shared/data/packages.`)
  }
  for (const set of sets) await checkSet(set)
}

function fromFolder(folder: string): readonly Example[] {
  const files = readdirSync(folder).filter(
    each => each.endsWith('.json') && !each.startsWith('.') && each !== 'package.json',
  )
  return files.map(file => ({ file, resource: parseJson(readFileSync(join(folder, file))) }))
}

async function fromArchive(name: string, path: string, definitions: boolean): Promise<ExampleSet> {
  const examples: Example[] = []
  const resources: CanonicalResource[] = []
  const defined: Example[] = []
  let manifest: Record<string, unknown> = {}
  for await (const { path: file, bytes } of packageFiles(createReadStream(path), {
    folders: ['package', 'package/example'],
  })) {
    if (!file.endsWith('.json') || /\.index\.json$|openapi|\/other\/|\/xml\//.test(file)) continue
    const json = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>
    if (file === 'package.json' || file === 'package/package.json') manifest = json
    else if (typeof json['resourceType'] !== 'string') continue
    else if (file.includes('example/'))
      examples.push({ file: file.split('/').at(-1)!, resource: parseJson(Buffer.from(bytes)) })
    else {
      resources.push(json as CanonicalResource)
      if (definitions) defined.push({ file: file.split('/').at(-1)!, resource: json })
    }
  }
  return { name, examples: definitions ? defined : examples, loaded: packageOf(manifest, resources) }
}

async function checkSet({ name, examples, loaded }: ExampleSet): Promise<void> {
  const { validator } = makeTools(loaded ? [loaded] : [])
  const causes = new Map<string, { finding: Finding; files: string[] }>()
  let clean = 0
  const started = performance.now()
  for (const { file, resource } of examples) {
    const errors = (await validator.validate(resource)).filter(({ severity }) => severity === 'error')
    if (errors.length === 0) clean++
    for (const finding of errors) {
      const cause = `${finding.expression.replace(/\[\d+\]/g, '[]')} ${finding.origin ?? ''} ${finding.said.en.replace(/"[^"]*"|\d+/g, '…')}`
      const known = causes.get(cause)
      if (known) known.files.push(file)
      else causes.set(cause, { finding, files: [file] })
    }
  }
  const seconds = (performance.now() - started) / 1000
  console.log(`\n${name}: ${clean} of ${examples.length} without error, in ${seconds.toFixed(1)} s`)
  for (const { finding, files } of [...causes.values()].sort((a, b) => b.files.length - a.files.length))
    console.log(
      `  ${String(files.length).padStart(3)} × ${finding.expression}: ${finding.said.en.slice(0, 260)}${finding.origin ? ` [${finding.origin}]` : ''}\n        ${[...new Set(files)].slice(0, 3).join(', ')}`,
    )
}
