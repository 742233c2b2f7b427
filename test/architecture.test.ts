/**
 * The rules of the house, over the sources as they are: floors, fences, no knots, no barrels, no `any`.
 * https://www.typescriptlang.org/docs/handbook/modules/reference.html
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const { fences } = (await import(join(root, 'eslint.config.js'))) as { fences: Record<string, string[]> }

/** What a folder may import lies on a lower floor. Files directly in src/ put everything together: the top. */
const floors: Record<string, number> = {
  fhir: 0,
  net: 0,
  page: 0,
  search: 1,
  fhirpath: 1,
  terminology: 2,
  validation: 2,
  store: 3,
  access: 4,
  rules: 4,
  jwt: 4,
  rest: 5,
  smart: 6,
  cds: 6,
  bulk: 6,
  subscriptions: 6,
  guide: 6,
  http: 7,
  '': 8,
}
/** Parts of the top floor with a folder of their own. */
const top = new Set(['commands', 'load', 'tenants', 'admin', 'ui'])

const walk = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? walk(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  )

interface Import {
  readonly name: string
  /** Path of the file, from the root; undefined for a package. */
  readonly file: string | undefined
}

interface Source {
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

/** Imports, re-exports, `import()` and `import('x').Type`, types included. */
function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      names.push((node.moduleSpecifier as ts.StringLiteral).text)
    if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      ts.isStringLiteralLike(node.arguments[0]!)
    )
      names.push(node.arguments[0].text)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      names.push((node.argument.literal as ts.StringLiteral).text)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return names.map(name => ({ name, file: name.startsWith('.') ? join(dirname(path), name) : undefined }))
}

const read = (path: string): Source => {
  const text = readFileSync(join(root, path), 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, text, tree, imports: importsOf(path, tree) }
}

const sources = walk('src')
  .filter(path => path.endsWith('.ts'))
  .map(read)
const inSource = new Set(sources.map(source => source.path))
const folderOf = (path: string) => (path.split('/').length > 2 ? path.split('/')[1]! : '')
const floorOf = (folder: string) => (top.has(folder) ? floors['']! : floors[folder])

const nodes = (source: Source, wanted: (node: ts.Node) => boolean): ts.Node[] => {
  const found: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    if (wanted(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(source.tree)
  return found
}
const lineOf = (source: Source, node: ts.Node) =>
  `${source.path}:${source.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`

describe('the floors', () => {
  test('there are sources to judge', () => {
    expect(sources.length).toBeGreaterThan(20)
  })

  test('every folder of src is on a floor', () => {
    const unknown = new Set(sources.map(({ path }) => folderOf(path)).filter(folder => floorOf(folder) === undefined))
    expect([...unknown], 'give these folders a floor in src/README.md and in this test').toEqual([])
  })

  test('a folder imports only from lower floors, types included', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.flatMap(({ file }) => {
        if (!file?.startsWith('src/')) return []
        const [from, to] = [folderOf(path), folderOf(file)]
        const allowed =
          from === to || floorOf(to)! < floorOf(from)! || (floorOf(from) === floors[''] && from !== 'ui' && to !== 'ui')
        return allowed ? [] : [`${path} imports ${file}`]
      }),
    )
    expect(wrong).toEqual([])
  })

  test('every relative import leads to a file, and none leaves src', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ file }) => file && !inSource.has(file) && file !== 'package.json')
        .map(({ name }) => `${path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test('no file reaches itself through its imports', () => {
    const next = new Map(
      sources.map(({ path, imports }) => [
        path,
        imports.flatMap(({ file }) => (file && inSource.has(file) ? [file] : [])),
      ]),
    )
    const knots: string[] = []
    const done = new Set<string>()
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path)) knots.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      if (done.has(path) || trail.includes(path)) return
      for (const file of next.get(path)!) visit(file, [...trail, path])
      done.add(path)
    }
    for (const path of next.keys()) visit(path, [])
    expect(knots).toEqual([])
  })
})

describe('the fences', () => {
  test('a third-party package lives in its one place', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.flatMap(({ name }) => {
        const fence = Object.keys(fences).find(fenced => name === fenced || name.startsWith(`${fenced}/`))
        return fence && !fences[fence]!.some(place => path.startsWith(place))
          ? [`${path} imports ${name}: it lives in ${fences[fence]!.join(' and ')}`]
          : []
      }),
    )
    expect(wrong).toEqual([])
  })

  test('every package imported is a dependency, and not one of development only', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    // fhir/r4 has types only: @types/fhir
    const known = new Set([...Object.keys(dependencies), 'fhir'])
    const packageOf = (name: string) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/')
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ name, file }) => !file && !name.startsWith('node:') && !known.has(packageOf(name)))
        .map(({ name }) => `${path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('the sources', () => {
  test('have no barrel: no file that only exports what others have', () => {
    const barrels = sources.filter(
      ({ tree }) =>
        tree.statements.length > 0 &&
        tree.statements.every(statement => ts.isExportDeclaration(statement) && statement.moduleSpecifier),
    )
    const stars = sources.flatMap(source =>
      nodes(source, node => ts.isExportDeclaration(node) && !node.exportClause).map(node => lineOf(source, node)),
    )
    expect([...barrels.map(({ path }) => path), ...stars]).toEqual([])
  })

  test('have no `any`', () => {
    expect(
      sources.flatMap(source =>
        nodes(source, node => node.kind === ts.SyntaxKind.AnyKeyword).map(node => lineOf(source, node)),
      ),
    ).toEqual([])
  })

  test('begin with a sentence that says what they are', () => {
    const header = (text: string) =>
      /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//
        .exec(text)?.[1]
        ?.replace(/^\s*\* ?/gm, '')
        .trim() ?? ''
    const wrong = sources.filter(
      ({ text }) => !/https?:\/\/\S+/.test(header(text)) && !/\w{2}.*[.:]$/ms.test(header(text)),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('have no name that says nothing', () => {
    const folders = new Set(sources.map(({ path }) => dirname(path)))
    const wrong = [...folders].filter(folder => /\/(?:utils?|helpers?|common|misc|shared)$/.test(folder))
    const vague = sources.flatMap(source =>
      nodes(source, node => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)).flatMap(node => {
        const name = (node as ts.ClassDeclaration).name?.text ?? ''
        return /(?:Manager|Impl|Base|Handler)$/.test(name) || /^I[A-Z][a-z]/.test(name)
          ? [`${lineOf(source, node)} ${name}`]
          : []
      }),
    )
    expect([...wrong, ...vague]).toEqual([])
  })

  test('are short, with a few exceptions, which are named here', () => {
    const files = sources
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > 250)
    const functions = sources.flatMap(source =>
      nodes(source, node => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined).flatMap(node => {
        const lines = node.getText().split('\n').length
        const name =
          (node as ts.FunctionDeclaration).name?.getText() ??
          (ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : 'anonymous')
        return lines > 40 ? [`${lineOf(source, node)} ${name}: ${lines} lines`] : []
      }),
    )
    if (files.length)
      console.log(`Files over 250 lines:\n${files.map(({ path, lines }) => `  ${path}: ${lines}`).join('\n')}`)
    if (functions.length) console.log(`Functions over 40 lines:\n${functions.map(line => `  ${line}`).join('\n')}`)
    // Named, not refused: but a file of a thousand lines has more than one subject
    expect(files.filter(({ lines }) => lines > 1000)).toEqual([])
  })
})

test('no file names a path of the machine it was written on', () => {
  const machine = new RegExp(String.raw`(?:^|[\s"'\x60(=:,])/(?:${['work', 'farm', 'root', 'Users'].join('|')})/`, 'm')
  const folders = ['src', 'test', 'profiles', 'implementation-guide', 'examples', '.ci']
  const single = readdirSync(root).filter(
    name =>
      /\.(?:md|json|ya?ml|js|ts)$|^(?:Dockerfile|\.[a-z]+(?:rc.*|ignore|config))$/.test(name) &&
      name !== 'package-lock.json',
  )
  const files = [...folders.flatMap(walk), ...single].filter(path => {
    const found = statSync(join(root, path))
    return found.isFile() && found.size < 2_000_000
  })
  expect(
    files.map(path => relative('.', path)).filter(path => machine.test(readFileSync(join(root, path), 'utf8'))),
  ).toEqual([])
})
