/**
 * From the tree of an expression to functions that evaluate it. What is not supported is refused here, with its place.
 * https://hl7.org/fhirpath/N1/#expressions
 */
import type { Call, Code, FunctionDefinition, Step } from './code.ts'
import { didYouMean, fail, type Place } from './error.ts'
import { aggregates } from './functions/aggregate.ts'
import { conversion } from './functions/conversion.ts'
import { existence } from './functions/existence.ts'
import { fhir, type Terminology, terminologyFunctions } from './functions/fhir.ts'
import { filtering } from './functions/filtering.ts'
import { math } from './functions/math.ts'
import { texts } from './functions/text.ts'
import { tree as treeFunctions } from './functions/tree.ts'
import { typeCode, typeTest } from './functions/types.ts'
import { decimal, type Items, Node, nothing } from './items.ts'
import { members } from './navigate.ts'
import { operatorCode } from './operator-code.ts'
import { signed } from './operators.ts'
import { Quantity } from './quantity.ts'
import type { Shapes } from './shapes.ts'
import { isSteady } from './steady.ts'
import { readDate, readTime } from './temporal.ts'
import type { Tree, TypeName } from './tree.ts'
import { singleInteger } from './values.ts'

export interface CompileOptions {
  readonly shapes: Shapes
  readonly terminology: Terminology
  /** The names that variables may have, beside those of the specification; undefined: any. */
  readonly variables: readonly string[] | undefined
}

const functions: Readonly<Record<string, FunctionDefinition>> = {
  ...existence,
  ...filtering,
  ...aggregates,
  ...conversion,
  ...texts,
  ...math,
  ...treeFunctions,
  ...fhir,
}

/** Known to FHIRPath or FHIR, and not answered here. */
const notHere: Readonly<Record<string, string>> = {
  conformsTo: 'whether a value conforms to a profile is for $validate',
  htmlChecks: 'whether a narrative is well formed is for $validate',
  memberOf: 'no value sets are known here',
  subsumes: 'no code systems are known here',
  subsumedBy: 'no code systems are known here',
  elementDefinition: 'definitions of elements are not known here',
  slice: 'slices of profiles are not known here',
  checkModifiers: 'test modifierExtension instead',
  defineVariable: 'repeat the expression, or pass its value as a variable',
  sort: 'min() and max() find the ends',
}
const typeFunctions = ['is', 'as', 'ofType']

/** Variables that the specifications name. */
const urls: Readonly<Record<string, string>> = {
  ucum: 'http://unitsofmeasure.org',
  sct: 'http://snomed.info/sct',
  loinc: 'http://loinc.org',
}

export interface Compiled {
  readonly code: Code
  /** The variables it asks for, without those that the specifications give a value. */
  readonly variables: ReadonlySet<string>
}

/** Compiles a tree of this text. Throws a PathError. */
export function compileTree(text: string, tree: Tree, options: CompileOptions): Compiled {
  const compiler = new Compiler(text, options)
  return { code: compiler.code(tree), variables: compiler.variables }
}

class Compiler {
  readonly variables = new Set<string>()
  readonly #text: string
  readonly #options: CompileOptions
  readonly #terminology: Readonly<Record<string, FunctionDefinition>>
  /** In how many criteria this is, and in how many aggregators. */
  #each = 0
  #total = 0
  /** How many parts are evaluated once in a run. */
  #slots = 0

  constructor(text: string, options: CompileOptions) {
    this.#text = text
    this.#options = options
    this.#terminology = terminologyFunctions(options.terminology)
  }

  code(tree: Tree): Code {
    const code = this.#code(tree)
    // what does not change from item to item is evaluated once
    if (this.#each === 0 || code.constant || tree.is === 'variable' || !isSteady(tree)) return code
    const slot = this.#slots++
    return { step: run => run.once(slot, code.step) }
  }

  #code(tree: Tree): Code {
    switch (tree.is) {
      case 'nothing':
        return constant(nothing)
      case 'boolean':
        return { ...constant([tree.value]), truth: () => tree.value }
      case 'string':
      case 'integer':
        return constant([tree.value])
      case 'decimal':
        return constant([decimal(tree.value)])
      case 'quantity':
        return constant([new Quantity(tree.value, tree.unit, tree.calendar)])
      case 'date':
      case 'dateTime':
      case 'time':
        return this.#moment(tree)
      case 'variable':
        return this.#variable(tree)
      case 'this':
        return { step: self }
      case 'index':
        if (this.#each === 0)
          this.#fail(
            tree,
            'There is no $index here',
            'it is known within where(), select(), all(), exists() and the like',
          )
        return { step: run => [run.index] }
      case 'total':
        if (this.#total === 0) this.#fail(tree, 'There is no $total here', 'it is known within aggregate()')
        return { step: run => run.total }
      case 'member':
        return this.#member(tree)
      case 'call':
        return this.#call(tree)
      case 'item':
        return this.#item(tree)
      case 'sign': {
        const { step } = this.code(tree.of)
        const place = this.#place(tree)
        return { step: run => signed(step(run), tree.negative, place) }
      }
      case 'type':
        return this.#typeCode(tree.operator, this.code(tree.of), tree.type, this.#place(tree))
      case 'operator':
        return operatorCode(tree.name, this.code(tree.left), this.code(tree.right), this.#place(tree))
    }
  }

  #place({ at }: { readonly at: number }): Place {
    return { text: this.#text, at }
  }

  #fail(tree: { readonly at: number }, problem: string, advice?: string): never {
    return fail(this.#place(tree), problem, advice)
  }

  #moment(tree: Tree & { is: 'date' | 'dateTime' | 'time' }): Code {
    const found = tree.is === 'time' ? readTime(tree.value) : readDate(tree.value, tree.is)
    return found ? constant([found]) : this.#fail(tree, `There is no ${tree.is} "${tree.value}"`)
  }

  #variable(tree: Tree & { is: 'variable' }): Code {
    const { name } = tree
    const named = /^(vs|ext)-(.+)$/.exec(name)
    if (named)
      return constant([`http://hl7.org/fhir/${named[1] === 'vs' ? 'ValueSet' : 'StructureDefinition'}/${named[2]}`])
    if (Object.hasOwn(urls, name)) return constant([urls[name]!])
    const { variables } = this.#options
    const known = variables && [...Object.keys(urls), 'context', 'resource', 'rootResource', ...variables]
    if (known && !known.includes(name)) this.#unknownVariable(tree, name, known)
    this.variables.add(name)
    return {
      step: run => {
        const items = run.variable(name) ?? this.#unknownVariable(tree, name, run.variableNames())
        run.spend(1 + items.length, this.#place(tree))
        return items
      },
    }
  }

  #unknownVariable(tree: Tree, name: string, known: readonly string[]): never {
    return this.#fail(
      tree,
      `Unknown variable "%${name}"`,
      didYouMean(name, known)?.replace('"', '"%') ?? `there are ${known.map(each => `%${each}`).join(', ')}`,
    )
  }

  #member(tree: Tree & { is: 'member' }): Code {
    const { name } = tree
    const place = this.#place(tree)
    if (tree.of) {
      const { step } = this.code(tree.of)
      return { step: run => members(step(run), name, run, place), member: { of: step, name } }
    }
    // a path may begin with the type of what it starts from
    if (/^[A-Z]/.test(name) && this.#options.shapes.isType(name))
      return { step: run => run.self.filter(item => item instanceof Node && item.shape.types.has(name)) }
    // no element of FHIR begins with a capital: a type misspelt would find nothing, and nobody would notice
    if (/^[A-Z]/.test(name))
      this.#fail(
        tree,
        `Unknown type "${name}"`,
        didYouMean(name, this.#options.shapes.names()) ?? `a member of plain JSON is written $this.${name}`,
      )
    return { step: run => members(run.self, name, run, place), member: { of: self, name } }
  }

  #item(tree: Tree & { is: 'item' }): Code {
    const { step } = this.code(tree.of)
    const index = this.code(tree.index).step
    const place = this.#place(tree)
    return {
      step: run => {
        const at = singleInteger(index(run), 'The index', place)
        const items = step(run)
        run.spend(1, place)
        return at === undefined || at < 0 || at >= items.length ? nothing : [items[at]!]
      },
    }
  }

  #call(tree: Tree & { is: 'call' }): Code {
    const { name } = tree
    const of = tree.of ? this.code(tree.of) : { step: self }
    const place = this.#place(tree)
    if (typeFunctions.includes(name)) {
      if (tree.arguments.length !== 1) this.#fail(tree, `${name}() takes one argument`, 'the name of a type')
      return this.#typeCode(name as 'is', of, this.#typeNamed(tree.arguments[0]!), place)
    }
    const definition = this.#definition(tree)
    const [least, most] = definition.takes
    const count = tree.arguments.length
    if (count < least || count > most) this.#fail(tree, `${name}() takes ${numberOf(least, most)} and has ${count}`)
    if (definition.each) this.#each++
    if (definition.each === 'total') this.#total++
    const call: Call = {
      name,
      place,
      of,
      arguments: tree.arguments.map(each => this.code(each)),
      places: tree.arguments.map(each => this.#place(each)),
    }
    if (definition.each) this.#each--
    if (definition.each === 'total') this.#total--
    return charged(definition.build(call), place)
  }

  #definition(tree: Tree & { is: 'call' }): FunctionDefinition {
    const { name } = tree
    for (const known of [functions, this.#terminology]) if (Object.hasOwn(known, name)) return known[name]!
    if (Object.hasOwn(notHere, name)) this.#fail(tree, `The function "${name}" is not supported`, notHere[name])
    const names = [...Object.keys(functions), ...Object.keys(this.#terminology), ...typeFunctions]
    return this.#fail(
      tree,
      `Unknown function "${name}"`,
      didYouMean(name, names) ?? 'see https://hl7.org/fhirpath/N1/ for those there are',
    )
  }

  /** An argument as the name of a type. */
  #typeNamed(tree: Tree): TypeName {
    if (tree.is === 'member') {
      if (!tree.of) return { at: tree.at, namespace: undefined, name: tree.name }
      const { of } = tree
      if (of.is === 'member' && !of.of && (of.name === 'FHIR' || of.name === 'System'))
        return { at: of.at, namespace: of.name, name: tree.name }
    }
    return this.#fail(tree, 'This is not the name of a type', 'write Patient, FHIR.Patient or System.String')
  }

  #typeCode(name: 'is' | 'as' | 'ofType', of: Code, type: TypeName, place: Place): Code {
    return typeCode(name, of, typeTest(type, name === 'ofType', this.#options.shapes, this.#place(type)), place)
  }
}

const self: Step = run => run.self

const constant = (items: Items): Code => ({ step: () => items, constant: items })

function numberOf(least: number, most: number): string {
  if (most === 0) return 'no arguments'
  return `${least === most ? most : `${least} or ${most}`} argument${most === 1 ? '' : 's'}`
}

/** Every call of a function is a step, whatever it looks at. */
function charged({ step, truth }: Code, place: Place): Code {
  const counted: Step = run => {
    run.spend(1, place)
    return step(run)
  }
  if (!truth) return { step: counted }
  return {
    step: counted,
    truth: run => {
      run.spend(1, place)
      return truth(run)
    },
  }
}
