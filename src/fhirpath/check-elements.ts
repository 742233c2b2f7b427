/**
 * Names that no type has, found before anything is evaluated: `Patient.brithDate` would be empty for ever, and the rule
 * that asks for it silent. Only where the definitions tell the type of what is looked at.
 * https://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation
 */
import { didYouMean, fail } from './error.ts'
import type { Shape, Shapes } from './shapes.ts'
import type { Tree, TypeName } from './tree.ts'

/** What a part may be; undefined: that cannot be told. */
type Types = readonly Shape[] | undefined

export interface KnownTypes {
  /** Of the input, which is `%context`, `%resource` and `%rootResource` too. */
  readonly input: string | undefined
  /** Of variables, by name. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Throws a PathError for the first name that none of the possible types has. */
export function checkElements(text: string, tree: Tree, shapes: Shapes, known: KnownTypes): void {
  const checker = new Checker(text, shapes, known)
  checker.typesOf(tree, checker.named(known.input))
}

/** Say nothing of what they stand for. */
const abstract = new Set(['Resource', 'DomainResource', 'Element', 'BackboneElement'])
/** Give what they are called on, or some of it. */
const keeping = new Set([
  'where',
  'first',
  'last',
  'tail',
  'skip',
  'take',
  'single',
  'distinct',
  'exclude',
  'intersect',
  'trace',
])
/** Evaluate their arguments on what they are called on; `repeat` also on what it finds, so it is left out. */
const within = new Set(['where', 'select', 'exists', 'all', 'aggregate', 'iif', 'trace'])

class Checker {
  readonly #text: string
  readonly #shapes: Shapes
  readonly #known: KnownTypes

  constructor(text: string, shapes: Shapes, known: KnownTypes) {
    this.#text = text
    this.#shapes = shapes
    this.#known = known
  }

  named(name: string | undefined): Types {
    const shape = name === undefined || abstract.has(name) ? undefined : this.#shapes.named(name)
    return shape && [shape]
  }

  /** Looks at all of a part; `self`: what `$this` is there. */
  typesOf(tree: Tree, self: Types): Types {
    switch (tree.is) {
      case 'this':
        return self
      case 'variable':
        return this.#variable(tree.name)
      case 'member':
        return this.#member(tree, self)
      case 'call':
        return this.#call(tree, self)
      case 'item':
        this.typesOf(tree.index, self)
        return this.typesOf(tree.of, self)
      case 'sign':
        return this.typesOf(tree.of, self)
      case 'type':
        this.typesOf(tree.of, self)
        return tree.operator === 'as' ? this.#typed(tree.type) : undefined
      case 'operator': {
        const types = [this.typesOf(tree.left, self), this.typesOf(tree.right, self)]
        return tree.name === '|' ? all(types) : undefined
      }
      default:
        return undefined
    }
  }

  #variable(name: string): Types {
    const { input, variables } = this.#known
    if (Object.hasOwn(variables, name)) return this.named(variables[name])
    return name === 'context' || name === 'resource' || name === 'rootResource' ? this.named(input) : undefined
  }

  #typed({ namespace, name }: TypeName): Types {
    return namespace === 'System' ? undefined : this.named(name)
  }

  #member(tree: Tree & { is: 'member' }, self: Types): Types {
    if (!tree.of && /^[A-Z]/.test(tree.name)) return this.named(tree.name)
    const types = tree.of ? this.typesOf(tree.of, self) : self
    if (!types || types.length === 0) return undefined
    const found = types.flatMap(({ members }) => members.get(tree.name)?.properties.map(({ shape }) => shape()) ?? [])
    if (found.length === 0) this.#unknown(tree, types)
    // whatever resource stands there says so itself
    return found.some(({ is, name }) => is === 'plain' || abstract.has(name)) ? undefined : [...new Set(found)]
  }

  #unknown({ name, at }: Tree & { is: 'member' }, types: readonly Shape[]): never {
    const names = types.length === 1 ? types[0]!.name : types.map(type => type.name).join(', ')
    const problem =
      types.length === 1 ? `${names} has no element "${name}"` : `None of ${names} has an element "${name}"`
    const isValue = name === 'value' && types.every(({ is }) => is === 'primitive')
    const advice = isValue
      ? 'it is a value itself'
      : (didYouMean(
          name,
          types.flatMap(({ members }) => [...members.keys()]),
        ) ?? 'see the definition of the type')
    return fail({ text: this.#text, at }, problem, advice)
  }

  #call(tree: Tree & { is: 'call' }, self: Types): Types {
    const { name } = tree
    const of = tree.of ? this.typesOf(tree.of, self) : self
    if (name === 'is' || name === 'as' || name === 'ofType') {
      const [type] = tree.arguments
      return name !== 'is' && type?.is === 'member'
        ? this.#typed({ at: type.at, namespace: namespaceOf(type), name: type.name })
        : undefined
    }
    const inside = within.has(name) ? of : name === 'repeat' ? undefined : self
    const types = tree.arguments.map(each => this.typesOf(each, inside))
    if (keeping.has(name)) return of
    if (name === 'select') return types[0]
    if (name === 'union' || name === 'combine') return all([of, types[0]])
    if (name === 'iif') return all(types.slice(1))
    return name === 'extension' ? this.named('Extension') : undefined
  }
}

const namespaceOf = ({ of }: Tree & { is: 'member' }) => (of?.is === 'member' ? of.name : undefined)

/** All of them, when all are known. */
function all(types: readonly Types[]): Types {
  const found = new Set<Shape>()
  for (const each of types) {
    if (!each) return undefined
    for (const shape of each) found.add(shape)
  }
  return [...found]
}
