/**
 * Extensions: whether they are known, whether they may stand where they are, and whether as a modifier.
 * https://hl7.org/fhir/R4/extensibility.html
 */
import { splitCanonical } from '../fhir/conformance.ts'
import { checkContext } from './extension-context.ts'
import { isObject, type Node } from './node.ts'
import { isProfile, type Profiles } from './profile.ts'
import type { Profile } from './profile-tree.ts'
import type { Matched, Slot } from './shape.ts'
import type { Walk } from './walking.ts'
import type { Report } from './words.ts'

const isAbsolute = (url: string) => /^[a-z][a-z0-9+.-]*:/i.test(url)

const urlOf = ({ value }: Node): string | undefined => {
  const url = isObject(value) ? value['url'] : undefined
  return typeof url === 'string' ? url : undefined
}

/** The definition of an extension: the one that the slice it is in names, else by its url. */
export function extensionProfile(
  node: Node,
  slot: Slot,
  matched: Matched | undefined,
  profiles: Profiles,
): Profile | undefined {
  const url = urlOf(node)
  if (url === undefined || !isAbsolute(url)) return undefined
  for (const element of slot.elements) {
    const slice = matched?.get(element) ?? element
    for (const canonical of slice.types[0]?.profiles ?? []) {
      if (splitCanonical(canonical).url !== url) continue
      const found = profiles.find(canonical, slice.origin.package)
      if (isDefinition(found)) return found
    }
  }
  if (url.length > LONGEST) return undefined
  // a version in the url is wrong, and said; the definition is looked for all the same
  const exact = profiles.find(url)
  const found = isProfile(exact) || !url.includes('|') ? exact : profiles.find(splitCanonical(url).url)
  return isDefinition(found) ? found : undefined
}

const LONGEST = 2_000

const isDefinition = (found: ReturnType<Profiles['find']>): found is Profile =>
  isProfile(found) && found.type === 'Extension' && !found.isType

/** Reports what is wrong with an extension as such; its content is checked like that of any other value. */
export function checkExtension(
  node: Node,
  profile: Profile | undefined,
  slot: Slot,
  matched: Matched | undefined,
  walk: Walk,
): void {
  const url = urlOf(node)
  if (url === undefined || url === '') return
  const { run } = walk
  if (!isAbsolute(url)) return checkNested(node, url, slot, matched, walk)
  if (url.includes('|')) run.report(node, versioned(url))
  if (!profile) {
    const asked = matched && [...matched.values()].some(({ types }) => types.some(each => each.profiles.length > 0))
    const isModifier = node.name === 'modifierExtension'
    const severity = isModifier ? 'error' : asked || isHl7s(url) ? 'warning' : run.options.unknownExtensions
    return run.report(node, { ...unknown(url, isModifier), severity: severity ?? 'error' })
  }
  checkModifier(node, profile, walk)
  checkContext(node, url, profile, walk)
}

/**
 * HL7's own, in packages that every validator is expected to know: elements of other FHIR versions as extensions, and what its
 * tools write into definitions. https://hl7.org/fhir/R4/versions.html#extensions https://build.fhir.org/ig/FHIR/fhir-tools-ig/
 */
const isHl7s = (url: string) => /^http:\/\/hl7\.org\/fhir\/(?:[1-9]\.\d+|tools)\/StructureDefinition\//.test(url)

/** An extension in an extension may have a name for a url: one that the outer one defines. */
function checkNested(node: Node, url: string, slot: Slot, matched: Matched | undefined, { run }: Walk): void {
  if (node.parent?.type !== 'Extension') return run.report(node, relative(url))
  const defined = slot.elements.filter(({ slices }) => slices.length > 0)
  // what the outer extension is not known to have cannot be judged, and that it is not known is said there
  if (matched || defined.length === 0) return
  const names = defined.flatMap(({ slices }) => slices.flatMap(({ sliceName }) => sliceName ?? []))
  run.report(node, {
    code: 'structure',
    origin: defined[0]!.origin.profile,
    said: {
      en: `The extension around it has no part "${url.slice(0, 80)}". It has: ${names.join(', ')}.`,
      zh: `外層 extension 沒有「${url.slice(0, 80)}」。可用的有:${names.join(', ')}。`,
    },
  })
}

const relative = (url: string): Report => ({
  code: 'invalid',
  said: {
    en: `The extension url "${url.slice(0, 200)}" has to be absolute, as in https://….`,
    zh: `extension 的 url「${url.slice(0, 200)}」必須是完整網址(https://…)。`,
  },
})

const versioned = (url: string): Report => ({
  code: 'invalid',
  said: {
    en: `An extension url has no version: write ${splitCanonical(url).url}.`,
    zh: `extension 的 url 不可帶版本:請寫 ${splitCanonical(url).url}。`,
  },
})

const unknown = (url: string, isModifier: boolean): Report => ({
  code: 'structure',
  said: {
    en: `The ${isModifier ? 'modifier extension' : 'extension'} ${url.slice(0, 300)} is not known here. Load the package that defines it, or correct the url.`,
    zh: `此伺服器沒有 extension ${url.slice(0, 300)} 的定義。請載入定義它的套件,或更正 url。`,
  },
})

function checkModifier(node: Node, { root, url, origin }: Profile, { run }: Walk): void {
  const isModifier = root.definition.isModifier === true
  if (isModifier === (node.name === 'modifierExtension')) return
  const right = isModifier ? 'modifierExtension' : 'extension'
  run.report(node, {
    code: 'structure',
    origin: origin.profile,
    said: isModifier
      ? {
          en: `${url} changes the meaning: it has to stand under ${right}.`,
          zh: `${url} 會改變意義,必須放在 ${right} 之下。`,
        }
      : {
          en: `${url} is no modifier: it has to stand under ${right}.`,
          zh: `${url} 不是 modifier,必須放在 ${right} 之下。`,
        },
  })
}
