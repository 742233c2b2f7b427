/**
 * The TerminologyCapabilities: which code systems are here, and what can be asked of them.
 * https://hl7.org/fhir/R4/terminologycapabilities.html
 */
import type { TerminologyCapabilities } from 'fhir/r4'
import type { About } from './capability-statement.ts'
import type { Context } from './exchange.ts'
import { expand } from './operations/expand.ts'

export function terminologyCapabilities(
  about: About,
  { request, terminology }: Pick<Context, 'request' | 'terminology'>,
): TerminologyCapabilities {
  const head: TerminologyCapabilities = {
    resourceType: 'TerminologyCapabilities',
    id: 'terminology',
    title: about.title,
    status: 'active',
    date: about.date,
    kind: 'instance',
    software: { name: about.name, version: about.version },
    implementation: { description: about.title, url: request.base },
  }
  if (!terminology)
    return {
      ...head,
      description:
        'This server stores and searches terminology resources. It has no terminology service: no expansion, validation or translation of codes.',
    }
  // content has no place in R4: what is here only in part is told in the description
  const systems = terminology.systems()
  const inPart = systems.filter(({ content }) => content !== 'complete').length
  return {
    ...head,
    description: `Code systems that are here: ${systems.length}, of which ${inPart} in part or by name only. A code of which nothing is known here is answered with 422, not with false.`,
    lockedDate: false,
    codeSystem: systems.map(({ url, versions }) => ({
      uri: url,
      ...(versions.length > 0 ? { version: versions.map(code => ({ code })) } : {}),
    })),
    expansion: {
      hierarchical: true,
      paging: true,
      incomplete: true,
      parameter: expand.parameters
        .filter(({ use }) => use === 'in')
        .map(({ name, documentation }) => ({ name, ...(documentation === undefined ? {} : { documentation }) })),
      textFilter:
        'Words, each the beginning of a word of the code, the display or a designation; Chinese text by any part of it. Width, case and accents make no difference.',
    },
    codeSearch: 'all',
    validateCode: { translations: true },
    translation: { needsMap: false },
    closure: { translation: false },
  }
}
