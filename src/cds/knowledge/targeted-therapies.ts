/**
 * Biomarker → therapy, by tumour: indications of FDA labels, with what is known to fail, and NHI coverage where we have a source.
 * A small sandbox table. Left out: haematology; drugs approved since mid-2025; off-label use; doses; NHI conditions for drugs
 * other than those named, which change every few months (全民健康保險藥物給付項目及支付標準 第 9 節); Taiwan's licences.
 * State of the labels: mid-2025. Each row's first source is the label of its first drug.
 */
import type { Said } from '../card.ts'
import type { Evidence } from '../words.ts'
import type { Biomarker } from './alterations.ts'
import type { DrugName } from './targeted-drugs.ts'
import type { TumourType } from './tumour-types.ts'

export type Level = 'approved' | 'accelerated'

export interface Therapy {
  /** Any of them. */
  readonly biomarkers: readonly Biomarker[]
  /** `any` is every solid tumour that no other row of the same biomarker names. */
  readonly tumours: readonly TumourType[] | 'any'
  /** As they are given together: `dabrafenib + trametinib`. */
  readonly regimens: readonly { readonly drugs: readonly DrugName[]; readonly text?: string; readonly level: Level }[]
  /** When, in words of the label. */
  readonly setting: Said
  /** What makes it fail. */
  readonly resistance?: Said
  /** Drugs that the label keeps away from this finding, instead of regimens. */
  readonly not?: readonly DrugName[]
  /** The label excludes tumours with one of these. */
  readonly unless?: readonly Biomarker[]
  /** Of these, found in the record, the card warns. */
  readonly fails?: readonly Biomarker[]
  readonly taiwan?: { readonly text: Said; readonly source: Evidence }
  readonly evidence?: readonly Evidence[]
}

const t = (en: string, zh: string): Said => ({ en, 'zh-TW': zh })
const approved = (...drugs: DrugName[]) => ({ drugs, level: 'approved' as const })
const accelerated = (...drugs: DrugName[]) => ({ drugs, level: 'accelerated' as const })

const PARP_NHI = {
  text: t(
    'NHI pays for olaparib, niraparib and talazoparib under conditions (section 9 of its drug payment rules, revised 2025-04-01).',
    '健保依第 9 節給付規定有條件給付 olaparib、niraparib、talazoparib（114 年 4 月 1 日修訂）。',
  ),
  source: {
    label: '健保署公告：PARP 抑制劑給付規定修訂，自 114 年 4 月 1 日生效（台灣內科醫學會轉載）',
    url: 'https://www.tsim.org.tw/ehc-tsim/s/w/AHnews/article/3c0d1e9b31f94ce19ddedab19b049384',
  },
}

export const therapies: readonly Therapy[] = [
  {
    biomarkers: ['egfr-l858r', 'egfr-exon-19-deletion'],
    tumours: ['lung'],
    regimens: [
      approved('osimertinib'),
      approved('afatinib'),
      approved('dacomitinib'),
      approved('erlotinib'),
      approved('gefitinib'),
    ],
    setting: t(
      'First line of metastatic NSCLC; osimertinib also as adjuvant after resection and after chemoradiation of stage III.',
      '轉移性非小細胞肺癌第一線；osimertinib 亦用於術後輔助及第三期化放療後。',
    ),
    resistance: t(
      'T790M makes first and second generation drugs fail (then osimertinib); C797S and MET amplification are ways in which osimertinib fails.',
      'T790M 為第一、二代抗藥機轉（可改用 osimertinib）；C797S 與 MET 擴增為 osimertinib 抗藥機轉。',
    ),
    fails: ['egfr-c797s', 'met-amplification', 'egfr-t790m'],
    evidence: [{ label: 'FLAURA (Soria et al., NEJM 2018)', url: 'https://doi.org/10.1056/NEJMoa1713137' }],
  },
  {
    biomarkers: ['egfr-t790m'],
    tumours: ['lung'],
    regimens: [approved('osimertinib')],
    setting: t(
      'Metastatic NSCLC that progressed on or after an EGFR inhibitor.',
      '轉移性非小細胞肺癌，EGFR 抑制劑治療中或治療後惡化。',
    ),
    resistance: t('C797S makes osimertinib fail.', 'C797S 為 osimertinib 抗藥機轉。'),
    fails: ['egfr-c797s'],
    evidence: [{ label: 'AURA3 (Mok et al., NEJM 2017)', url: 'https://doi.org/10.1056/NEJMoa1612674' }],
  },
  {
    biomarkers: ['egfr-exon-20-insertion'],
    tumours: ['lung'],
    regimens: [{ ...approved('amivantamab'), text: 'amivantamab + carboplatin + pemetrexed' }],
    setting: t('First line of locally advanced or metastatic NSCLC.', '局部晚期或轉移性非小細胞肺癌第一線。'),
    resistance: t(
      'Most exon 20 insertions do not answer to first to third generation EGFR inhibitors.',
      '多數外顯子 20 插入對第一至三代 EGFR 抑制劑無效。',
    ),
    evidence: [{ label: 'PAPILLON (Zhou et al., NEJM 2023)', url: 'https://doi.org/10.1056/NEJMoa2306441' }],
  },
  {
    biomarkers: ['egfr-uncommon'],
    tumours: ['lung'],
    regimens: [approved('afatinib')],
    setting: t(
      'First line of metastatic NSCLC with a non-resistant EGFR mutation.',
      '轉移性非小細胞肺癌第一線（非抗藥性 EGFR 突變）。',
    ),
    fails: ['egfr-t790m'],
  },
  {
    biomarkers: ['alk-fusion'],
    tumours: ['lung'],
    regimens: [
      approved('alectinib'),
      approved('brigatinib'),
      approved('lorlatinib'),
      approved('ceritinib'),
      approved('crizotinib'),
    ],
    setting: t(
      'Metastatic NSCLC; alectinib also as adjuvant after resection.',
      '轉移性非小細胞肺癌；alectinib 亦用於術後輔助。',
    ),
    resistance: t(
      'ALK kinase mutations such as G1202R make first and second generation drugs fail; lorlatinib covers most of them.',
      'G1202R 等 ALK 激酶突變使第一、二代藥物失效；lorlatinib 對多數仍有效。',
    ),
    fails: ['alk-g1202r'],
    evidence: [{ label: 'ALEX (Peters et al., NEJM 2017)', url: 'https://doi.org/10.1056/NEJMoa1704795' }],
  },
  {
    biomarkers: ['ros1-fusion'],
    tumours: ['lung'],
    regimens: [approved('entrectinib'), approved('repotrectinib'), approved('crizotinib')],
    setting: t('Locally advanced or metastatic NSCLC.', '局部晚期或轉移性非小細胞肺癌。'),
    resistance: t(
      'ROS1 G2032R makes crizotinib and entrectinib fail.',
      'ROS1 G2032R 使 crizotinib、entrectinib 失效。',
    ),
    fails: ['ros1-g2032r'],
  },
  {
    biomarkers: ['ret-fusion'],
    tumours: ['lung'],
    regimens: [approved('selpercatinib'), approved('pralsetinib')],
    setting: t('Locally advanced or metastatic NSCLC.', '局部晚期或轉移性非小細胞肺癌。'),
  },
  {
    biomarkers: ['ret-fusion', 'ret-mutation'],
    tumours: ['thyroid'],
    regimens: [approved('selpercatinib')],
    setting: t(
      'Advanced or metastatic thyroid cancer that needs systemic therapy: medullary with a mutation; with a fusion when refractory to radioactive iodine.',
      '需全身性治療之晚期或轉移性甲狀腺癌：髓質癌具突變者；具融合且放射碘無效者。',
    ),
  },
  {
    biomarkers: ['ret-fusion'],
    tumours: 'any',
    regimens: [accelerated('selpercatinib')],
    setting: t(
      'Advanced or metastatic solid tumour that progressed after systemic therapy or has no satisfactory alternative.',
      '晚期或轉移性實體腫瘤，全身性治療後惡化或無其他適當治療。',
    ),
  },
  {
    biomarkers: ['met-exon-14'],
    tumours: ['lung'],
    regimens: [approved('capmatinib'), approved('tepotinib')],
    setting: t('Metastatic NSCLC.', '轉移性非小細胞肺癌。'),
  },
  {
    biomarkers: ['braf-v600e'],
    tumours: ['lung'],
    regimens: [approved('dabrafenib', 'trametinib'), approved('encorafenib', 'binimetinib')],
    setting: t('Metastatic NSCLC.', '轉移性非小細胞肺癌。'),
  },
  {
    biomarkers: ['braf-v600e', 'braf-v600k'],
    tumours: ['melanoma'],
    regimens: [
      approved('dabrafenib', 'trametinib'),
      approved('encorafenib', 'binimetinib'),
      approved('vemurafenib', 'cobimetinib'),
    ],
    setting: t(
      'Unresectable or metastatic melanoma; dabrafenib + trametinib also as adjuvant with nodal involvement.',
      '無法切除或轉移性黑色素瘤；dabrafenib + trametinib 亦用於有淋巴結侵犯之術後輔助。',
    ),
  },
  {
    biomarkers: ['braf-v600e'],
    tumours: ['colorectal'],
    regimens: [
      approved('encorafenib', 'cetuximab'),
      { ...accelerated('encorafenib', 'cetuximab'), text: 'encorafenib + cetuximab + mFOLFOX6' },
    ],
    setting: t(
      'Metastatic colorectal cancer: with cetuximab after prior therapy; with mFOLFOX6 as well in first line.',
      '轉移性大腸直腸癌：先前治療後併用 cetuximab；第一線另併用 mFOLFOX6。',
    ),
    resistance: t('A BRAF inhibitor alone does not work in colorectal cancer.', 'BRAF 抑制劑單用於大腸直腸癌無效。'),
    fails: ['ras-mutation'],
    evidence: [{ label: 'BEACON CRC (Kopetz et al., NEJM 2019)', url: 'https://doi.org/10.1056/NEJMoa1908075' }],
  },
  {
    biomarkers: ['braf-v600e'],
    tumours: 'any',
    regimens: [accelerated('dabrafenib', 'trametinib')],
    setting: t(
      'Unresectable or metastatic solid tumour that progressed after treatment and has no satisfactory alternative.',
      '無法切除或轉移性實體腫瘤，治療後惡化且無其他適當治療。',
    ),
  },
  {
    biomarkers: ['kras-g12c'],
    tumours: ['lung'],
    regimens: [accelerated('sotorasib'), accelerated('adagrasib')],
    setting: t(
      'Locally advanced or metastatic NSCLC after at least one systemic therapy.',
      '局部晚期或轉移性非小細胞肺癌，至少一線全身性治療後。',
    ),
    evidence: [{ label: 'CodeBreaK 100 (Skoulidis et al., NEJM 2021)', url: 'https://doi.org/10.1056/NEJMoa2103695' }],
  },
  {
    biomarkers: ['kras-g12c'],
    tumours: ['colorectal'],
    regimens: [approved('sotorasib', 'panitumumab'), accelerated('adagrasib', 'cetuximab')],
    setting: t(
      'Metastatic colorectal cancer after fluoropyrimidine, oxaliplatin and irinotecan.',
      '轉移性大腸直腸癌，曾用 fluoropyrimidine、oxaliplatin 與 irinotecan。',
    ),
  },
  {
    biomarkers: ['ras-mutation'],
    tumours: ['colorectal'],
    regimens: [],
    not: ['cetuximab', 'panitumumab'],
    setting: t(
      'The labels exclude RAS-mutant metastatic colorectal cancer, but for KRAS G12C together with its inhibitor.',
      '仿單排除 RAS 突變之轉移性大腸直腸癌，惟 KRAS G12C 併用其抑制劑者除外。',
    ),
    evidence: [
      { label: 'RAS and panitumumab (Douillard et al., NEJM 2013)', url: 'https://doi.org/10.1056/NEJMoa1305275' },
    ],
  },
  {
    biomarkers: ['her2-positive'],
    tumours: ['breast'],
    regimens: [
      { ...approved('trastuzumab', 'pertuzumab'), text: 'trastuzumab + pertuzumab + chemotherapy' },
      approved('trastuzumab emtansine'),
      approved('trastuzumab deruxtecan'),
      { ...approved('tucatinib', 'trastuzumab'), text: 'tucatinib + trastuzumab + capecitabine' },
    ],
    setting: t(
      'Early disease: with chemotherapy before or after surgery, trastuzumab emtansine for residual disease. Metastatic: by line of therapy.',
      '早期：術前或術後併用化療，術後殘餘病灶用 trastuzumab emtansine。轉移性：依治療線別。',
    ),
    evidence: [{ label: 'HER2 testing, ASCO/CAP 2018', url: 'https://doi.org/10.1200/JCO.2018.77.8738' }],
  },
  {
    biomarkers: ['her2-positive'],
    tumours: ['stomach'],
    regimens: [
      { ...approved('trastuzumab'), text: 'trastuzumab + cisplatin + capecitabine or fluorouracil' },
      approved('trastuzumab deruxtecan'),
    ],
    setting: t(
      'Metastatic adenocarcinoma of stomach or gastro-oesophageal junction; trastuzumab deruxtecan after trastuzumab.',
      '轉移性胃或胃食道交界腺癌；trastuzumab deruxtecan 用於 trastuzumab 之後。',
    ),
    evidence: [{ label: 'ToGA (Bang et al., Lancet 2010)', url: 'https://doi.org/10.1016/S0140-6736(10)61121-X' }],
  },
  {
    biomarkers: ['her2-positive'],
    tumours: ['colorectal'],
    regimens: [accelerated('tucatinib', 'trastuzumab')],
    setting: t(
      'Unresectable or metastatic, RAS wild-type, after fluoropyrimidine, oxaliplatin and irinotecan.',
      '無法切除或轉移性、RAS 野生型，曾用 fluoropyrimidine、oxaliplatin 與 irinotecan。',
    ),
    fails: ['ras-mutation'],
  },
  {
    biomarkers: ['erbb2-mutation'],
    tumours: ['lung'],
    regimens: [accelerated('trastuzumab deruxtecan')],
    setting: t(
      'Unresectable or metastatic NSCLC with an activating ERBB2 mutation, after systemic therapy.',
      '無法切除或轉移性非小細胞肺癌，具活化性 ERBB2 突變，全身性治療後。',
    ),
  },
  {
    biomarkers: ['brca-pathogenic'],
    tumours: ['breast'],
    unless: ['her2-positive'],
    regimens: [approved('olaparib'), approved('talazoparib')],
    setting: t(
      'Germline variant, HER2-negative: locally advanced or metastatic; olaparib also as adjuvant in high-risk early disease.',
      '遺傳性變異、HER2 陰性：局部晚期或轉移性；olaparib 亦用於高風險早期之輔助治療。',
    ),
    taiwan: PARP_NHI,
    evidence: [{ label: 'OlympiAD (Robson et al., NEJM 2017)', url: 'https://doi.org/10.1056/NEJMoa1706450' }],
  },
  {
    biomarkers: ['brca-pathogenic'],
    tumours: ['ovary'],
    regimens: [approved('olaparib'), approved('niraparib')],
    setting: t(
      'Maintenance after response to platinum-based chemotherapy; germline or somatic variant.',
      '含鉑化療有反應後之維持治療；遺傳性或體細胞變異。',
    ),
    taiwan: PARP_NHI,
    evidence: [{ label: 'SOLO1 (Moore et al., NEJM 2018)', url: 'https://doi.org/10.1056/NEJMoa1810858' }],
  },
  {
    biomarkers: ['brca-pathogenic'],
    tumours: ['pancreas'],
    regimens: [approved('olaparib')],
    setting: t(
      'Germline variant, metastatic: maintenance when there was no progression on at least 16 weeks of first-line platinum.',
      '遺傳性變異、轉移性：第一線含鉑化療至少 16 週未惡化後之維持治療。',
    ),
    evidence: [{ label: 'POLO (Golan et al., NEJM 2019)', url: 'https://doi.org/10.1056/NEJMoa1903387' }],
  },
  {
    biomarkers: ['brca-pathogenic'],
    tumours: ['prostate'],
    regimens: [
      approved('olaparib'),
      { ...approved('talazoparib'), text: 'talazoparib + enzalutamide' },
      { ...approved('niraparib'), text: 'niraparib + abiraterone' },
    ],
    setting: t(
      'Metastatic and castration-resistant, alone or with a hormonal agent as the label of each says.',
      '轉移性去勢抗性攝護腺癌，單用或依各仿單併用荷爾蒙藥物。',
    ),
    taiwan: PARP_NHI,
    evidence: [{ label: 'PROfound (de Bono et al., NEJM 2020)', url: 'https://doi.org/10.1056/NEJMoa1911440' }],
  },
  {
    biomarkers: ['msi-high'],
    tumours: ['colorectal'],
    regimens: [approved('pembrolizumab'), approved('nivolumab')],
    setting: t(
      'Unresectable or metastatic colorectal cancer; pembrolizumab in first line.',
      '無法切除或轉移性大腸直腸癌；pembrolizumab 用於第一線。',
    ),
    taiwan: {
      text: t(
        'NHI pays for pembrolizumab as first-line treatment of adults with unresectable or metastatic MSI-H or dMMR colorectal cancer, from 2025-06-01.',
        '健保自 114 年 6 月 1 日起給付 pembrolizumab 於無法切除或轉移性 MSI-H 或 dMMR 大腸直腸癌成人病人第一線治療。',
      ),
      source: {
        label: '健保署公告：免疫檢查點抑制劑給付規定，自 114 年 6 月 1 日生效（台灣內科醫學會轉載）',
        url: 'https://www.tsim.org.tw/ehc-tsim/s/w/AHnews/article/78f600474cd04da9964285c76701ea15',
      },
    },
    evidence: [{ label: 'KEYNOTE-177 (André et al., NEJM 2020)', url: 'https://doi.org/10.1056/NEJMoa2017699' }],
  },
  {
    biomarkers: ['msi-high'],
    tumours: ['endometrium'],
    regimens: [approved('dostarlimab'), approved('pembrolizumab')],
    setting: t(
      'Advanced or recurrent; with carboplatin and paclitaxel, or alone after platinum.',
      '晚期或復發；併用 carboplatin 與 paclitaxel，或含鉑治療後單用。',
    ),
  },
  {
    biomarkers: ['msi-high'],
    tumours: 'any',
    regimens: [approved('pembrolizumab')],
    setting: t(
      'Unresectable or metastatic solid tumour that progressed after treatment and has no satisfactory alternative.',
      '無法切除或轉移性實體腫瘤，治療後惡化且無其他適當治療。',
    ),
  },
  {
    biomarkers: ['tmb-high'],
    tumours: 'any',
    regimens: [accelerated('pembrolizumab')],
    setting: t(
      'Unresectable or metastatic solid tumour with at least 10 mutations per megabase that progressed and has no satisfactory alternative.',
      '無法切除或轉移性實體腫瘤，每百萬鹼基至少 10 個突變，治療後惡化且無其他適當治療。',
    ),
    evidence: [
      {
        label: 'KEYNOTE-158, TMB (Marabelle et al., Lancet Oncol 2020)',
        url: 'https://doi.org/10.1016/S1470-2045(20)30445-9',
      },
    ],
  },
  {
    biomarkers: ['ntrk-fusion'],
    tumours: 'any',
    regimens: [approved('larotrectinib'), accelerated('entrectinib'), accelerated('repotrectinib')],
    setting: t(
      'Metastatic solid tumour, or one whose resection would do great harm, without satisfactory alternative.',
      '轉移性或手術將造成嚴重後果之實體腫瘤，且無其他適當治療。',
    ),
    resistance: t(
      'Solvent-front mutations (NTRK1 G595R, NTRK3 G623R) make larotrectinib and entrectinib fail.',
      '溶劑前緣突變（NTRK1 G595R、NTRK3 G623R）使 larotrectinib、entrectinib 失效。',
    ),
    fails: ['ntrk-solvent-front'],
    evidence: [{ label: 'Larotrectinib (Drilon et al., NEJM 2018)', url: 'https://doi.org/10.1056/NEJMoa1714448' }],
  },
]

/** The rows for a biomarker in a tumour: those that name the tumour, else those for any solid tumour. */
export function therapiesFor(biomarker: Biomarker, tumour: TumourType): readonly Therapy[] {
  const all = therapies.filter(({ biomarkers }) => biomarkers.includes(biomarker))
  const named = all.filter(({ tumours }) => tumours !== 'any' && tumours.includes(tumour))
  return named.length > 0 ? named : all.filter(({ tumours }) => tumours === 'any')
}
