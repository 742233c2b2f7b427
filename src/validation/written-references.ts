/**
 * References as they are written, whatever they may lead to: their form, their type, and whether what they name is there.
 * https://hl7.org/fhir/R4/references.html#literal
 */
import { readReference, typeOfReference } from '../fhir/reference.ts'
import { isObject, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import type { Report, Run, TypeRule } from './words.ts'

/** A Reference as it is written, whatever it may lead to. */
export const writtenReferences: TypeRule = {
  types: ['Reference'],
  check(node, run) {
    if (!isObject(node.value)) return
    const { reference, type, identifier, display, extension } = node.value
    if (typeof reference === 'string') checkText(node, reference, run)
    else if (reference === undefined && identifier === undefined && display === undefined && extension === undefined)
      run.report(node, saysNothing)
    if (typeof type === 'string') checkTypeNamed(node, type, reference, run)
  },
}

const saysNothing: Report = {
  severity: 'warning',
  code: 'structure',
  said: {
    en: 'The reference has neither reference, identifier nor display. Give one of them.',
    zh: '此參照沒有 reference、identifier 或 display,請至少填寫其一。',
  },
}

function checkText(node: Node, text: string, run: Run): void {
  // whether it is there is an invariant's to say (ref-1)
  if (text.startsWith('#')) return
  const kind = kindOf(text)
  if (kind === 'wrong') return run.report(node, wrongText(text))
  if (kind === 'conditional') {
    if (!isTransaction(run.root)) run.report(node, { ...conditional, severity: 'warning' })
    return
  }
  const { type } = (kind === 'relative' ? readReference(text) : undefined) ?? {}
  if (type !== undefined && !run.definitions.isResourceType(type)) return run.report(node, noType(type))
  if (run.resolveInside(text, node)) return
  if (kind === 'urn') {
    if (isWithinBundle(node)) run.report(node, notInBundle(text))
  } else checkExists(node, text, run)
}

/** `relative`: Type/id; `conditional`: Type?query; `urn`: of a Bundle; `absolute`: any other URI. */
function kindOf(text: string): 'relative' | 'conditional' | 'urn' | 'absolute' | 'wrong' {
  if (text.length > 2048 || /[\s<>"{}\\^`]/.test(text)) return 'wrong'
  if (/^urn:(uuid|oid):./.test(text)) return 'urn'
  if (/^[A-Za-z][A-Za-z0-9+.-]*:./.test(text)) return 'absolute'
  if (/^[A-Z][A-Za-z]+\?./.test(text)) return 'conditional'
  return readReference(text) ? 'relative' : 'wrong'
}

const isTransaction = ({ value }: Node) => isObject(value) && value['resourceType'] === 'Bundle'

function isWithinBundle(node: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (at.type === 'Bundle.entry') return true
  return false
}

const wrongText = (text: string): Report => ({
  code: 'invalid',
  said: {
    en: `${quoted(text)} is no reference. Write Type/id, an absolute URL, urn:uuid:… or #id.`,
    zh: `${quoted(text)} 不是有效的參照。請寫成 Type/id、完整網址、urn:uuid:… 或 #id。`,
  },
})

const conditional: Report = {
  code: 'invalid',
  said: {
    en: 'A reference with a search is only resolved in a transaction. Refer to the resource by its id.',
    zh: '含查詢條件的參照只能用於 transaction。請以資源的 id 參照。',
  },
}

const noType = (type: string): Report => ({
  code: 'structure',
  said: {
    en: `${quoted(type)} is no resource type of FHIR R4.`,
    zh: `${quoted(type)} 不是 FHIR R4 的資源型別。`,
  },
})

const notInBundle = (text: string): Report => ({
  severity: 'warning',
  code: 'required',
  said: {
    en: `No entry of the Bundle has the fullUrl ${quoted(text)}. Add it, or correct the reference.`,
    zh: `Bundle 中沒有 fullUrl 為 ${quoted(text)} 的 entry。請補上,或更正此參照。`,
  },
})

/** Asked once for each reference of a validation. */
const asked = new WeakMap<Node, Map<string, Promise<boolean>>>()

/** Whether the other resource is there is asked of whoever can tell. */
function checkExists(node: Node, text: string, run: Run): void {
  const { resolve } = run.options
  if (!resolve || run.quiet) return
  let known = asked.get(run.root)
  if (!known) asked.set(run.root, (known = new Map()))
  let found = known.get(text)
  if (!found) known.set(text, (found = resolve(text).then(resource => resource !== undefined)))
  run.defer(
    found.then(isThere => {
      if (!isThere)
        run.report(node, {
          severity: 'warning',
          code: 'not-found',
          said: {
            en: `${quoted(text)} was not found. Send that resource first, or correct the reference.`,
            zh: `找不到 ${quoted(text)}。請先送出該資源,或更正此參照。`,
          },
        })
    }),
  )
}

/** `Reference.type` names a resource type, or a logical model by its URL, and the same as the reference. */
function checkTypeNamed(node: Node, type: string, reference: unknown, run: Run): void {
  if (/^[a-z][a-z0-9+.-]*:/i.test(type)) return
  if (!run.definitions.isResourceType(type) && type !== 'Resource' && type !== 'DomainResource')
    return run.report(node, noType(type))
  const found = typeof reference === 'string' ? targetType(reference, node, run) : undefined
  if (found === undefined || found === type || !run.definitions.isResourceType(type)) return
  run.report(node, {
    code: 'structure',
    said: {
      en: `The type says ${type}, and the reference leads to a resource of type ${found}. Make them agree.`,
      zh: `type 為 ${type},但參照指向的資源型別是 ${found}。兩者必須一致。`,
    },
  })
}

/** The type a reference leads to, where it can be told. */
export function targetType(reference: string, node: Node, run: Run): string | undefined {
  const inside = run.resolveInside(reference, node)
  if (inside) return inside.type
  const type = typeOfReference(reference)
  return type !== undefined && run.definitions.isResourceType(type) ? type : undefined
}

/** A canonical within the resource leads to a contained one. */
export const localCanonicals: TypeRule = {
  types: ['canonical'],
  check(node, run) {
    const { value } = node
    if (typeof value !== 'string' || !value.startsWith('#') || run.resolveInside(value, node)) return
    run.report(node, {
      severity: 'warning',
      code: 'not-found',
      said: {
        en: `No contained resource has the id ${quoted(value.slice(1))}.`,
        zh: `沒有 id 為 ${quoted(value.slice(1))} 的內含資源(contained)。`,
      },
    })
  },
}
