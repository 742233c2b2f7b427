/**
 * "Did you mean": the known names nearest to one that is not known.
 */

/** How many letters must be put in, taken out, changed or swapped to get from one to the other; more than `limit` counts as `limit + 1`. */
export function distance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return Math.min(last[to.length]!, limit + 1)
}

/** At most three of the known names, the nearest first; empty when none is near. */
export function nearest(name: string, known: Iterable<string>): string[] {
  if (name.length > 64) return []
  const wanted = name.toLowerCase()
  const limit = wanted.length <= 3 ? 1 : wanted.length <= 8 ? 2 : 3
  const found: { name: string; far: number }[] = []
  for (const candidate of known) {
    const plain = candidate.toLowerCase()
    const begins = wanted.length >= 3 && plain !== wanted && (plain.startsWith(wanted) || wanted.startsWith(plain))
    const far = Math.min(distance(wanted, plain, limit), begins ? limit : limit + 1)
    if (far <= limit) found.push({ name: candidate, far })
  }
  found.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
  return found.slice(0, 3).map(each => each.name)
}

/** ` Did you mean "name"?`, or '' when nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const names = nearest(name, known)
  return names.length === 0 ? '' : ` Did you mean ${names.map(each => `"${each}"`).join(' or ')}?`
}
