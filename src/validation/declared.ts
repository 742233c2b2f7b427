/**
 * The profiles that a resource declares itself.
 * https://hl7.org/fhir/R4/resource.html#Meta
 */
import { isObject, type Node, pathOf } from './node.ts'
import { isProfile } from './profile.ts'
import type { Profile } from './profile-tree.ts'
import type { Shapes } from './shape.ts'
import type { Finding } from './words.ts'

/** Those a resource names in `meta.profile` (one that is not known, or for another type, is said), and those that hold anyway. */
export function declaredProfiles(node: Node, shapes: Shapes, add: (finding: Finding) => void): readonly Profile[] {
  const { profiles } = shapes
  const all = [...profiles.global(node.type), ...declared(node, shapes, add)]
  return all.length === 0 ? all : profiles.withImposed(all)
}

function declared(node: Node, shapes: Shapes, add: (finding: Finding) => void): Profile[] {
  const meta = isObject(node.value) ? node.value['meta'] : undefined
  const canonicals = isObject(meta) ? meta['profile'] : undefined
  if (!Array.isArray(canonicals)) return []
  return canonicals.slice(0, MOST_DECLARED).flatMap((canonical: unknown, i) => {
    if (typeof canonical !== 'string') return []
    const found = shapes.profiles.find(canonical)
    const expression = `${pathOf(node)}.meta.profile[${i}]`
    if (!isProfile(found)) {
      const severity = found.problem === 'unknown' ? 'warning' : 'error'
      add({ severity, code: found.problem === 'unknown' ? 'not-found' : 'structure', expression, said: found.said })
      return []
    }
    if (found.type === node.type || isSupertype(found.type)) {
      if (found.unplaced.length > 0) add({ severity: 'warning', expression, ...speaksOfNothing(found) })
      return [found]
    }
    add({ severity: 'error', expression, ...notOfType(node, found) })
    return []
  })
}

/** What a profile says of elements that do not exist cannot be checked. */
export function speaksOfNothing({ url, origin, unplaced }: Profile) {
  const names = unplaced
    .slice(0, 5)
    .map(id => id.slice(0, 100))
    .join(', ')
  return {
    code: 'incomplete',
    origin: origin.profile,
    said: {
      en: `The profile ${url} speaks of elements that do not exist: ${names}. That part is not checked; correct the profile.`,
      zh: `profile ${url} 提到不存在的資料元素:${names}。該部分未檢查;請更正 profile。`,
    },
  } as const
}

const MOST_DECLARED = 50

export const isSupertype = (type: string) => type === 'Resource' || type === 'DomainResource' || type === 'Element'

export const notOfType = (node: Node, profile: Profile) =>
  ({
    code: 'invalid',
    origin: profile.origin.profile,
    said: {
      en: `The profile ${profile.url} is for ${profile.type}, and this is a ${node.type}.`,
      zh: `profile ${profile.url} 適用於 ${profile.type},此資源卻是 ${node.type}。`,
    },
  }) as const
