/**
 * Narratives: XHTML that formats and does nothing else, and says something.
 * https://hl7.org/fhir/R4/narrative.html#xhtml
 */
import { childrenNamed, resourceOf, type Node } from './node.ts'
import { quoted } from './quoted.ts'
import type { Run, TypeRule } from './words.ts'
import { readNarrative, type Seen } from './narrative-xhtml.ts'
import { textOf } from './read.ts'

/** So many ids that stand twice are told of one narrative. */
const MOST = 10

const looks = new WeakMap<Node, Seen>()

function seenOf(div: Node): Seen | undefined {
  if (typeof div.value !== 'string') return undefined
  const known = looks.get(div)
  if (known) return known
  const made = readNarrative(div.value)
  looks.set(div, made)
  return made
}

export const narrative: TypeRule = {
  types: ['Narrative'],
  check(node, run) {
    const [div] = childrenNamed(node, 'div', run.definitions)
    const seen = div && seenOf(div)
    if (!seen) return
    for (const said of seen.faults) run.report(div, { code: 'invalid', said })
    for (const id of [...seen.twice].slice(0, MOST))
      run.report(div, {
        severity: 'warning',
        code: 'business-rule',
        said: {
          en: `The id ${quoted(id)} stands twice in the narrative. Links cannot tell which is meant; give each its own.`,
          zh: `敘述中的 id「${quoted(id, '')}」重複，連結無法分辨，請各用不同的 id。`,
        },
      })
    if (seen.faults.length === 0 && !seen.says)
      run.report(div, {
        code: 'invariant',
        said: {
          en: 'The narrative says nothing. Put text or an image in it, or leave it out.',
          zh: '敘述沒有內容。請加入文字或圖片，或移除敘述。',
        },
      })
    if (textOf(node.value, 'status') === 'empty' && seen.says)
      run.report(node, {
        severity: 'information',
        code: 'business-rule',
        said: {
          en: 'The status of the narrative is "empty", and there is text in it. Check which is right.',
          zh: '敘述的 status 為「empty」，但其中有文字，請確認何者正確。',
        },
      })
    links(div, seen, run)
  },
}

/** Links within the text lead to an anchor of this resource's narratives, or of another in the same Bundle. */
function links(div: Node, seen: Seen, run: Run): void {
  if (seen.links.length === 0) return
  const anchors = anchorsOf(run)
  const own = resourceOf(div, run.definitions)
  const contained = run.resolveInside
  for (const { target, place } of seen.links) {
    if (seen.anchors.has(target) || anchors.has(target)) continue
    if (contained.call(run, `#${target}`, own)) continue
    run.report(div, {
      code: 'invalid',
      said: {
        en: `The link to ${quoted(`#${target}`)} (${place.slice(0, 60)}) leads nowhere: no element of the narrative has that id. Correct it, or remove the link.`,
        zh: `連結 ${quoted(`#${target}`)}（${place.slice(0, 60)}）沒有目標：敘述中沒有此 id 的元素。請更正或移除連結。`,
      },
    })
  }
}

const anchorSets = new WeakMap<Node, ReadonlySet<string>>()

/** The anchors of all narratives in what is validated. */
function anchorsOf(run: Run): ReadonlySet<string> {
  const known = anchorSets.get(run.root)
  if (known) return known
  const found = new Set<string>()
  const open: unknown[] = [run.root.value]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    const div: unknown = (value as Record<string, unknown>)['div']
    if (typeof div === 'string') for (const anchor of readNarrative(div).anchors) found.add(anchor)
    open.push(...(Object.values(value) as unknown[]))
  }
  anchorSets.set(run.root, found)
  return found
}
