/**
 * What is both asked for and allowed, exactly: a token never says more than what it may do.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
 */
import { LETTERS, letters, speaksOf, type Permission, type Scope, type Scopes } from './scope.ts'

/** The intersection, in the order in which it was asked. Levels do not stand for one another: `user/` never covers `patient/`. */
export function narrower(asked: Scopes, allowed: Scopes): Scopes {
  const resources = asked.resources.flatMap(scope => within(scope, allowed.resources))
  return {
    resources: resources.filter(
      (scope, index) =>
        // of equal ones the first stays
        !resources.some((other, at) => at !== index && covers(other, scope) && (at < index || !covers(scope, other))),
    ),
    others: asked.others.filter(other => allowed.others.includes(other) || allowed.others.includes(withoutRole(other))),
    unknown: asked.unknown,
  }
}

/** `launch/patient?role=x` is a kind of `launch/patient`. */
const withoutRole = (text: string) => (text.startsWith('launch/') ? text.replace(/\?.*$/, '') : text)

/** What is allowed of one scope. */
function within(asked: Scope, allowed: readonly Scope[]): readonly Scope[] {
  const pieces = new Map<string, { type: string; query: string; permissions: Set<Permission> }>()
  for (const other of allowed) {
    if (other.level !== asked.level) continue
    const type = speaksOf(other.type, asked.type)
      ? asked.type
      : asked.type === '*' && speaksOf('*', other.type)
        ? other.type
        : undefined
    if (type === undefined) continue
    const permissions = LETTERS.filter(letter => asked.permissions.has(letter) && other.permissions.has(letter))
    if (permissions.length === 0) continue
    const query = joined(asked.query, other.query)
    const key = `${type}?${query}`
    const piece = pieces.get(key)
    if (piece) for (const letter of permissions) piece.permissions.add(letter)
    else pieces.set(key, { type, query, permissions: new Set(permissions) })
  }
  return [...pieces.values()].map(({ type, query, permissions }) => ({
    level: asked.level,
    type,
    query,
    permissions,
    text: asked.text,
  }))
}

/** Both hold: parameters that stand twice are ANDed, as in every search. */
const joined = (one: string, other: string): string =>
  [...new Set([...one.split('&'), ...other.split('&')])].filter(part => part !== '').join('&')

/** Whether `one` permits all that `other` does, as far as their texts show. */
export function covers(one: Scope, other: Scope): boolean {
  if (one.level !== other.level || !speaksOf(one.type, other.type)) return false
  if (![...other.permissions].every(letter => one.permissions.has(letter))) return false
  const parts = new Set(other.query.split('&'))
  return one.query === '' || one.query.split('&').every(part => parts.has(part))
}

/** For messages: `patient/Observation.rs`. */
export const named = ({ level, type, permissions }: Scope): string => `${level}/${type}.${letters(permissions)}`
