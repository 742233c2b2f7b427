/**
 * What the documents and the deployment files say is so: settings, commands, links, the requests to try, the container.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkExposure, readCommandLine, readConfig } from '../src/config.ts'
import { commands, help } from '../src/help.ts'
import { type ServerProcess, startServer } from './help/process.ts'

const root = join(import.meta.dirname, '..')
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const readme = text('README.md')
const manifest = JSON.parse(text('package.json')) as {
  engines: { node: string }
  scripts: Record<string, string>
  bin: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

describe('the README', () => {
  test('begins with the lines that start and test the server', () => {
    const top = readme.split('\n').slice(0, 8).join('\n')
    expect(top).toContain('npm ci && npm start')
    expect(top).toContain('npm ci && npm test')
    expect(manifest.scripts).toMatchObject({
      start: expect.stringContaining('src/main.ts') as string,
      test: expect.stringContaining('vitest run') as string,
    })
  })

  test('names every command, and every command is explained by --help', () => {
    for (const { name } of commands) {
      expect(readme).toMatch(new RegExp(`node src/main\\.ts \\[?${name}\\b`))
      expect(help()).toContain(name)
    }
  })

  test.each([
    'README.md',
    'src/README.md',
    'profiles/README.md',
    'implementation-guide/README.md',
    'examples/data/README.md',
  ])('and its like: the links of %s lead somewhere', path => {
    if (!existsSync(join(root, path))) return
    const links = [...text(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(match => match[1]!)
    expect(links.filter(link => !existsSync(join(root, dirname(path), link)))).toEqual([])
  })

  test('names files of src that are there, on its map', () => {
    // Paths with a folder, in backquotes: `search/query.ts`; `rest/x.ts` stands for one to be written
    const named = [...text('src/README.md').matchAll(/`((?:[a-z-]+\/)+[a-z-]+\.ts)`/g)]
      .map(match => match[1]!)
      .filter(path => !/\bx[/.]/.test(path) && !path.startsWith('test/'))
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter(path => !existsSync(join(root, 'src', path)) && !existsSync(join(root, path)))).toEqual([])
  })
})

describe('the requests of the README', () => {
  let folder: string
  let server: ServerProcess
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'promises-'))
    server = await startServer(folder, { DHP_SEED: 'examples' })
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Each `curl` with the comment below it. */
  const curls = [...readme.matchAll(/^curl '([^']+)'\n# (.+)$/gm)].map(match => ({ url: match[1]!, answer: match[2]! }))
  const ask = async (url: string) => {
    const response = await fetch(url.replace(/^http:\/\/127\.0\.0\.1:8080\/fhir/, server.base))
    return { status: response.status, body: await response.text() }
  }

  test('are three', () => expect(curls).toHaveLength(3))

  test.each(curls)('curl $url answers what stands below it', async ({ url, answer }) => {
    const { status, body } = await ask(url)
    const promised = /^(\d{3}), an OperationOutcome: (.+)$/.exec(answer)
    expect(status).toBe(promised ? Number(promised[1]) : 200)
    const read = JSON.parse(body) as { resourceType: string; entry?: unknown[]; issue?: { diagnostics: string }[] }
    if (promised) return expect(read.issue!.map(issue => issue.diagnostics).join(' ')).toContain(promised[2])
    expect(read.resourceType).toBe('Bundle')
    expect(read.entry!.length).toBeGreaterThan(0)
    // A Chinese name that the comment promises is in the answer
    for (const [name] of answer.matchAll(/[\u4e00-\u9fff]{2,}/g)) expect(body).toContain(name)
    if (/next page/.test(answer)) expect(body).toMatch(/"relation":"next"/)
  })

  test('and the page they lead to say at which address the server is', async () => {
    expect((await ask('http://127.0.0.1:8080/fhir/metadata')).body).toContain(`"${server.base}"`)
  })
})

test('the process stops cleanly on SIGTERM, and a second one on its data folder is refused with the reason', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'second-'))
  const server = await startServer(folder)
  const second = await startServer(folder).then(
    async other => {
      await other.kill()
      return 'it started'
    },
    (error: unknown) => (error as Error).message,
  )
  expect(second).toMatch(/ended with 1 before it was ready/)
  expect(second).toContain(String(server.process.pid))
  expect(second).not.toMatch(/\n\s+at /)
  expect(await server.stop()).toBe(0)
  rmSync(folder, { recursive: true, force: true })
})

describe('package.json', () => {
  test('pins every version in full, so that every machine installs the same', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version),
    )
    expect(loose).toEqual([])
  })

  test('runs the checks one after the other, as CI does', () => {
    const steps = manifest.scripts.check!.split(' && ').map(step => step.replace(/^npm (?:run )?/, ''))
    expect(steps).toEqual(['types', 'lint', 'format', 'test'])
    const ci = text('.ci/run')
    for (const step of steps) expect(ci).toMatch(new RegExp(`npm run --silent ${step}\\b`))
    expect(ci).toContain('npm ci')
    expect(statSync(join(root, '.ci/run')).mode & 0o111, '.ci/run can be executed').not.toBe(0)
  })
})

describe('the container', () => {
  const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown }
  const compose = load(text('docker-compose.yml')) as {
    services: Record<
      string,
      {
        command: string[]
        environment: Record<string, string>
        ports: string[]
        volumes: string[]
        read_only: boolean
        tmpfs: string[]
      }
    >
    volumes: Record<string, unknown>
  }
  const service = compose.services.fhir!
  const dockerfile = text('Dockerfile')
  const lines = dockerfile.split('\n').filter(line => line && !line.startsWith('#'))
  const said = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1))

  test('is set with settings that there are, and the server would start with them', () => {
    const { flags } = readCommandLine(service.command.slice(1), new Map())
    const config = readConfig(service.environment, flags)
    expect(() => checkExposure(config)).not.toThrow()
    expect(config).toMatchObject({ host: '0.0.0.0', data: '/data' })
  })

  test('would not start open to the network without the word for it', () => {
    const config = readConfig(service.environment)
    expect(() => checkExposure(config)).toThrow(/--allow-open/)
  })

  test('keeps its data in a volume, publishes its port to this machine only, and writes nowhere else', () => {
    const [name, place] = service.volumes[0]!.split(':')
    expect(compose.volumes).toHaveProperty(name!)
    expect(place).toBe(service.environment.DHP_DATA)
    expect(service.ports).toEqual([`127.0.0.1:8080:${service.environment.PORT}`])
    expect(service).toMatchObject({ read_only: true, tmpfs: ['/tmp'] })
  })

  test('runs the Node that package.json asks for, not as root, without what is for development only', () => {
    expect(Number(/node:(\d+)/.exec(said('FROM')[0]!)![1])).toBeGreaterThanOrEqual(
      Number(/\d+/.exec(manifest.engines.node)![0]),
    )
    expect(said('USER')).toEqual(['node'])
    expect(dockerfile).toContain('npm ci --omit=dev')
    expect(JSON.parse(said('ENTRYPOINT')[0]!)).toEqual(['node', manifest.bin.dhp])
    expect(commands.map(({ name }) => name)).toContain((JSON.parse(said('CMD')[0]!) as string[])[0])
  })

  test('asks for its health at a path that the server has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'health-'))
    const server = await startServer(folder)
    const path = /fetch\(`[^`]*?(\/[a-z]+)`\)/.exec(dockerfile)![1]!
    const response = await fetch(new URL(path, server.base))
    expect(response.ok).toBe(true)
    await response.text()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is given the files that the server reads, and nothing of the tests', () => {
    const given = text('.dockerignore')
      .split('\n')
      .filter(line => line.startsWith('!'))
      .map(line => line.slice(1))
    for (const path of given) expect(existsSync(join(root, path)), path).toBe(true)
    expect(given).toEqual(expect.arrayContaining(['src', 'package.json', 'package-lock.json', 'examples']))
    expect(given).not.toContain('test')
  })
})

test('every file of examples is read by some test', () => {
  const tests = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory()
        ? tests(`${folder}/${entry.name}`)
        : entry.name.endsWith('.test.ts')
          ? [text(`${folder}/${entry.name}`)]
          : [],
    )
  const all = tests('test').join('\n')
  for (const folder of readdirSync(join(root, 'examples')))
    expect(all, `examples/${folder}`).toMatch(new RegExp(`examples/${folder}|'examples', *'${folder}'`))
})
