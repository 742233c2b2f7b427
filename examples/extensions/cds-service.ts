/**
 * A CDS service of an operator's own: says when a patient is not of age yet. main.ts beside it starts a server that has it.
 * https://cds-hooks.hl7.org/2.0/
 */
import { card, said } from '../../src/cds/card.ts'
import { resourcesOf } from '../../src/cds/data.ts'
import type { CdsService } from '../../src/cds/words.ts'

const law = {
  label: 'Civil Code of Taiwan, article 12',
  url: 'https://law.moj.gov.tw/ENG/LawClass/LawAll.aspx?pcode=B0000001',
}

export const ofAge: CdsService = {
  id: 'of-age',
  hook: 'patient-view',
  title: 'Patients who are not of age',
  description: 'Says when a patient is younger than 18, so that a legal representative has to consent.',
  prefetch: { patient: 'Patient/{{context.patientId}}' },
  evidence: [law],
  answer({ prefetch, now, language }) {
    const [patient] = resourcesOf(prefetch['patient'], 'Patient')
    const born = Date.parse(patient?.birthDate ?? '')
    if (Number.isNaN(born)) return { cards: [] }
    const eighteen = new Date(born)
    eighteen.setUTCFullYear(eighteen.getUTCFullYear() + 18)
    if (eighteen.getTime() <= now) return { cards: [] }
    return {
      cards: [
        card(
          {
            summary: said(
              'The patient is not of age: a legal representative consents.',
              '病人未滿十八歲，須由法定代理人同意。',
            ),
            indicator: 'info',
            evidence: [law],
          },
          language,
        ),
      ],
    }
  },
}
