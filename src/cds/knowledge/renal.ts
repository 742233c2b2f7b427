/**
 * How kidneys limit drugs, and how their function is reckoned.
 * A small sandbox table for adults who are not on dialysis. Many labels speak of creatinine clearance (mL/min), which differs from eGFR
 * (mL/min/1.73 m²) in the very small, the very large and the old: at a border reckon the clearance.
 * Sources as of 2025: labels, KDIGO; CKD-EPI 2021.
 */
import { said, type Said } from '../card.ts'
import type { Evidence } from '../words.ts'
import { emaProduct, NSAIDS, usLabel } from './interactions.ts'

export const CKD_EPI_2021: Evidence = {
  label: 'CKD-EPI 2021 (Inker et al., N Engl J Med 2021;385:1737-1749)',
  url: 'https://doi.org/10.1056/NEJMoa2102953',
}

/** eGFR in mL/min/1.73 m² from serum creatinine in mg/dL, by the race-free equation of 2021; adults. */
export function ckdEpi2021(creatinine: number, age: number, sex: 'female' | 'male'): number {
  const kappa = sex === 'female' ? 0.7 : 0.9
  const alpha = sex === 'female' ? -0.241 : -0.302
  const ratio = creatinine / kappa
  return 142 * Math.min(ratio, 1) ** alpha * Math.max(ratio, 1) ** -1.2 * 0.9938 ** age * (sex === 'female' ? 1.012 : 1)
}

export interface RenalLimit {
  readonly drugs: readonly string[]
  /** It speaks when kidney function is below this. */
  readonly below: number
  /** `stop`: contraindicated or not recommended; `adjust`: another dose, or more care. */
  readonly level: 'stop' | 'adjust'
  readonly says: Said
  readonly evidence: Evidence
}

const KDIGO: Evidence = {
  label: 'KDIGO 2012 Clinical Practice Guideline for CKD (Kidney Int Suppl 2013;3:1-150)',
  url: 'https://kdigo.org/wp-content/uploads/2017/02/KDIGO_2012_CKD_GL.pdf',
}
const METFORMIN = usLabel('metformin', 'sections 2 and 4')

/** For one drug the lowest border that is passed counts. */
export const renalLimits: readonly RenalLimit[] = [
  {
    drugs: ['metformin'],
    below: 30,
    level: 'stop',
    says: said('Contraindicated below 30: lactic acidosis.', '低於 30 禁用：有乳酸中毒風險。'),
    evidence: METFORMIN,
  },
  {
    drugs: ['metformin'],
    below: 45,
    level: 'adjust',
    says: said(
      'Do not start between 30 and 45; who takes it already needs benefit and risk weighed again.',
      '30 至 45 之間不建議開始使用；已使用者應重新評估利弊。',
    ),
    evidence: METFORMIN,
  },
  {
    drugs: ['dabigatran'],
    below: 30,
    level: 'stop',
    says: said('Contraindicated below a clearance of 30 mL/min in Europe.', '歐盟仿單：肌酸酐清除率低於 30 禁用。'),
    evidence: emaProduct('dabigatran', 'Pradaxa', 'section 4.3'),
  },
  {
    drugs: ['dabigatran'],
    below: 50,
    level: 'adjust',
    says: said(
      'Between 30 and 50 consider 110 mg twice daily when bleeding risk is high.',
      '30 至 50 之間且出血風險高者，考慮每日兩次 110 毫克。',
    ),
    evidence: emaProduct('dabigatran', 'Pradaxa', 'section 4.2'),
  },
  {
    drugs: ['rivaroxaban'],
    below: 15,
    level: 'stop',
    says: said('Not recommended below a clearance of 15 mL/min.', '肌酸酐清除率低於 15 不建議使用。'),
    evidence: emaProduct('rivaroxaban', 'Xarelto', 'section 4.2'),
  },
  {
    drugs: ['rivaroxaban'],
    below: 50,
    level: 'adjust',
    says: said(
      'In atrial fibrillation 15 mg once daily between 15 and 49; with care below 30.',
      '心房顫動：15 至 49 時每日一次 15 毫克；低於 30 須謹慎。',
    ),
    evidence: emaProduct('rivaroxaban', 'Xarelto', 'section 4.2'),
  },
  {
    drugs: ['apixaban'],
    below: 15,
    level: 'stop',
    says: said('Not recommended below a clearance of 15 mL/min.', '肌酸酐清除率低於 15 不建議使用。'),
    evidence: emaProduct('apixaban', 'Eliquis', 'section 4.2'),
  },
  {
    drugs: ['apixaban'],
    below: 30,
    level: 'adjust',
    says: said(
      'In atrial fibrillation 2.5 mg twice daily between 15 and 29; with care in thrombosis.',
      '心房顫動：15 至 29 時每日兩次 2.5 毫克；用於血栓時須謹慎。',
    ),
    evidence: emaProduct('apixaban', 'Eliquis', 'section 4.2'),
  },
  {
    drugs: ['edoxaban'],
    below: 15,
    level: 'stop',
    says: said('Not recommended below a clearance of 15 mL/min.', '肌酸酐清除率低於 15 不建議使用。'),
    evidence: emaProduct('edoxaban', 'Lixiana', 'section 4.2'),
  },
  {
    drugs: ['edoxaban'],
    below: 50,
    level: 'adjust',
    says: said('30 mg once daily between 15 and 50.', '15 至 50 時每日一次 30 毫克。'),
    evidence: emaProduct('edoxaban', 'Lixiana', 'section 4.2'),
  },
  {
    drugs: ['enoxaparin'],
    below: 30,
    level: 'adjust',
    says: said(
      'Below 30: for treatment 1 mg/kg once daily, for prophylaxis 30 mg once daily.',
      '低於 30：治療劑量改為每日一次 1 mg/kg，預防劑量每日一次 30 毫克。',
    ),
    evidence: usLabel('enoxaparin', 'section 2'),
  },
  {
    drugs: ['gabapentin'],
    below: 60,
    level: 'adjust',
    says: said(
      'Daily dose by clearance: 30-59 400-1400 mg, 15-29 200-700 mg, below that 100-300 mg.',
      '依清除率調整每日劑量：30-59 為 400-1400 毫克，15-29 為 200-700 毫克，更低者 100-300 毫克。',
    ),
    evidence: usLabel('gabapentin', 'section 2'),
  },
  {
    drugs: ['pregabalin'],
    below: 60,
    level: 'adjust',
    says: said(
      'Halve the daily dose between 30 and 60, quarter it between 15 and 30.',
      '30 至 60 時每日劑量減半，15 至 30 時減為四分之一。',
    ),
    evidence: usLabel('pregabalin', 'section 2'),
  },
  {
    drugs: ['levofloxacin'],
    below: 50,
    level: 'adjust',
    says: said(
      'After the first dose: 750 mg every 48 hours between 20 and 49, 500 mg every 48 hours below 20 (where 750 mg daily is usual).',
      '首劑之後：20 至 49 時每 48 小時 750 毫克；低於 20 時每 48 小時 500 毫克（以一般每日 750 毫克者為準）。',
    ),
    evidence: usLabel('levofloxacin', 'section 2'),
  },
  {
    drugs: ['ciprofloxacin'],
    below: 30,
    level: 'adjust',
    says: said('250-500 mg every 18 hours by mouth below 30.', '低於 30：口服每 18 小時 250-500 毫克。'),
    evidence: usLabel('ciprofloxacin', 'section 2'),
  },
  {
    drugs: ['sulfamethoxazole', 'trimethoprim'],
    below: 15,
    level: 'stop',
    says: said('Co-trimoxazole is not recommended below 15.', '低於 15 不建議使用 co-trimoxazole。'),
    evidence: usLabel('sulfamethoxazole and trimethoprim', 'dosage and administration'),
  },
  {
    drugs: ['sulfamethoxazole', 'trimethoprim'],
    below: 30,
    level: 'adjust',
    says: said(
      'Half the usual dose of co-trimoxazole between 15 and 30; watch potassium.',
      '15 至 30 時 co-trimoxazole 劑量減半；請監測血鉀。',
    ),
    evidence: usLabel('sulfamethoxazole and trimethoprim', 'dosage and administration'),
  },
  {
    drugs: ['valaciclovir'],
    below: 50,
    level: 'adjust',
    says: said('Give less often below 50, by indication.', '低於 50 應依適應症延長給藥間隔。'),
    evidence: usLabel('valacyclovir', 'section 2'),
  },
  {
    drugs: ['entecavir'],
    below: 50,
    level: 'adjust',
    says: said(
      'Half the dose or every 48 hours between 30 and 49, less below 30.',
      '30 至 49 時劑量減半或每 48 小時給藥，低於 30 時更少。',
    ),
    evidence: usLabel('entecavir', 'section 2'),
  },
  {
    drugs: ['cisplatin'],
    below: 60,
    level: 'adjust',
    says: said(
      'Below 60 patients are held unfit for cisplatin in urothelial cancer; consider carboplatin or another scheme, and hydration.',
      '泌尿上皮癌共識以低於 60 為不適合 cisplatin；請考慮 carboplatin 或其他處方，並充分輸液。',
    ),
    evidence: {
      label: 'Galsky et al., Lancet Oncol 2011;12:211-214 (cisplatin ineligibility)',
      url: 'https://doi.org/10.1016/S1470-2045(10)70275-8',
    },
  },
  {
    drugs: ['capecitabine'],
    below: 30,
    level: 'stop',
    says: said('Contraindicated below a clearance of 30 mL/min in Europe.', '歐盟仿單：肌酸酐清除率低於 30 禁用。'),
    evidence: emaProduct('capecitabine', 'Xeloda', 'section 4.3'),
  },
  {
    drugs: ['capecitabine'],
    below: 50,
    level: 'adjust',
    says: said(
      '75% of a starting dose of 1250 mg/m² between 30 and 50.',
      '30 至 50 時，起始劑量 1250 mg/m² 者減為 75%。',
    ),
    evidence: emaProduct('capecitabine', 'Xeloda', 'section 4.2'),
  },
  {
    drugs: ['pemetrexed'],
    below: 45,
    level: 'stop',
    says: said('Not recommended below a clearance of 45 mL/min.', '肌酸酐清除率低於 45 不建議使用。'),
    evidence: usLabel('pemetrexed', 'section 2'),
  },
  {
    drugs: ['methotrexate'],
    below: 30,
    level: 'stop',
    says: said('Contraindicated below a clearance of 30 mL/min.', '肌酸酐清除率低於 30 禁用。'),
    evidence: emaProduct('methotrexate', 'Nordimet', 'section 4.3'),
  },
  {
    drugs: ['methotrexate'],
    below: 60,
    level: 'adjust',
    says: said('Half the dose between 30 and 59 (weekly low dose).', '30 至 59 時劑量減半（每週低劑量）。'),
    evidence: emaProduct('methotrexate', 'Nordimet', 'section 4.2'),
  },
  {
    drugs: ['zoledronic acid'],
    below: 30,
    level: 'stop',
    says: said(
      'Not recommended below 30 for bone metastases; contraindicated below 35 for osteoporosis.',
      '骨轉移：低於 30 不建議使用；骨質疏鬆：低於 35 禁用。',
    ),
    evidence: usLabel('zoledronic acid', 'sections 2 and 4'),
  },
  {
    drugs: ['zoledronic acid'],
    below: 60,
    level: 'adjust',
    says: said(
      'For bone metastases 3.5 mg at 50-60, 3.3 mg at 40-49, 3.0 mg at 30-39; for osteoporosis contraindicated below 35.',
      '骨轉移：50-60 用 3.5 毫克，40-49 用 3.3 毫克，30-39 用 3.0 毫克；骨質疏鬆：低於 35 禁用。',
    ),
    evidence: usLabel('zoledronic acid', 'sections 2 and 4'),
  },
  {
    drugs: ['alendronic acid'],
    below: 35,
    level: 'stop',
    says: said('Not recommended below a clearance of 35 mL/min.', '肌酸酐清除率低於 35 不建議使用。'),
    evidence: usLabel('alendronate', 'section 5'),
  },
  {
    drugs: NSAIDS,
    below: 30,
    level: 'stop',
    says: said('Avoid below 30: kidney injury, potassium.', '低於 30 應避免：急性腎損傷、高血鉀。'),
    evidence: KDIGO,
  },
  {
    drugs: NSAIDS,
    below: 60,
    level: 'adjust',
    says: said(
      'Avoid prolonged use below 60; not with diuretics and RAS blockers.',
      '低於 60 避免長期使用；勿與利尿劑及 RAS 抑制劑併用。',
    ),
    evidence: KDIGO,
  },
  {
    drugs: ['sitagliptin'],
    below: 45,
    level: 'adjust',
    says: said('50 mg daily between 30 and 44, 25 mg below 30.', '30 至 44 時每日 50 毫克，低於 30 時每日 25 毫克。'),
    evidence: usLabel('sitagliptin', 'section 2'),
  },
  {
    drugs: ['allopurinol'],
    below: 60,
    level: 'adjust',
    says: said('Start with 100 mg daily or less and raise slowly.', '起始劑量每日 100 毫克以下，緩慢調升。'),
    evidence: {
      label: 'ACR 2020 guideline for gout (FitzGerald et al.)',
      url: 'https://doi.org/10.1002/acr.24180',
    },
  },
  {
    drugs: ['tramadol'],
    below: 30,
    level: 'adjust',
    says: said('Every 12 hours, at most 200 mg daily, below 30.', '低於 30：每 12 小時給藥，每日上限 200 毫克。'),
    evidence: usLabel('tramadol', 'section 2'),
  },
]
