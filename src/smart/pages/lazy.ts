/**
 * The pages for people, read when somebody first opens one: a server that starts does not wait for them.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import type { Pages, PagesParts } from '../people.ts'

export function lazyPages(parts: PagesParts): Pages {
  let made: Promise<Pages> | undefined
  const pages = () => (made ??= import('./pages.ts').then(({ makePages }) => makePages(parts)))
  return {
    step: async (asking, request, base) => (await pages()).step(asking, request, base),
    answer: async (request, base) => (await pages()).answer(request, base),
    isActive: async user => (await pages()).isActive(user),
    isAlive: async session => (await pages()).isAlive(session),
    refusal: async (problem, request, base) => (await pages()).refusal?.(problem, request, base),
  }
}
