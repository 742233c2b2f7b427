/**
 * CapabilityStatements: search parameters of the type that their definitions say.
 * https://hl7.org/fhir/R4/capabilitystatement.html
 */
import { childrenNamed } from './node.ts'
import { quoted } from './quoted.ts'
import { textOf, textsOf } from './read.ts'
import type { ResourceRule } from './words.ts'

export const capabilityStatement: ResourceRule = {
  types: ['CapabilityStatement'],
  check(node, run) {
    const { definitions } = run
    for (const rest of childrenNamed(node, 'rest', definitions))
      for (const resource of [rest, ...childrenNamed(rest, 'resource', definitions)])
        for (const param of childrenNamed(resource, 'searchParam', definitions)) {
          const [canonical, type] = [textOf(param.value, 'definition'), textOf(param.value, 'type')]
          if (canonical === undefined) continue
          const definition = run.conformance.find('SearchParameter', canonical)
          if (!definition) continue
          const other = textOf(definition, 'type')
          if (type !== undefined && other !== undefined && type !== other)
            run.report(param, {
              code: 'invalid',
              said: {
                en: `The type is ${type}, but ${quoted(canonical)} is a parameter of type ${other}. Correct the type.`,
                zh: `type 為 ${type}，但「${quoted(canonical, '')}」的類型是 ${other}，請更正。`,
              },
            })
          const of = textOf(resource.value, 'type')
          const bases = textsOf(definition, 'base')
          if (of === undefined || bases.some(base => base === of || base === 'Resource' || base === 'DomainResource'))
            continue
          run.report(param, {
            severity: 'warning',
            code: 'invalid',
            said: {
              en: `${quoted(canonical)} is a parameter of ${bases.join(', ')}, not of ${of}. Name the right definition.`,
              zh: `「${quoted(canonical, '')}」是 ${bases.join('、')} 的查詢參數，而非 ${of}，請更正 definition。`,
            },
          })
        }
  },
}
