/**
 * Pairs of drugs that should not meet, or not unwatched.
 * A small sandbox table: well-known pairs of common and of cancer drugs, without dose, route and time. A pair that is not here is not known to be safe.
 * Sources: US prescribing information (DailyMed), product information of the EMA, CredibleMeds; as of 2025.
 */
import { said, type Said } from '../card.ts'
import type { Evidence } from '../words.ts'

export interface Interaction {
  /** Drugs of one side and of the other, by generic name. */
  readonly one: readonly string[]
  readonly other: readonly string[]
  /** `contraindicated` by the label; `avoid` it, or change dose or drug; `watch` and go on. */
  readonly level: 'contraindicated' | 'avoid' | 'watch'
  /** What may happen and what to do. */
  readonly says: Said
  readonly evidence: Evidence
}

/** Where the label of a drug is found, and the section that says it. */
export const usLabel = (drug: string, section: string): Evidence => ({
  label: `US prescribing information of ${drug}, ${section} (DailyMed)`,
  url: `https://dailymed.nlm.nih.gov/dailymed/search.cfm?labeltype=human&query=${encodeURIComponent(drug)}`,
})
export const emaProduct = (drug: string, product: string, section: string): Evidence => ({
  label: `EMA product information of ${product} (${drug}), ${section}`,
  url: `https://www.ema.europa.eu/en/medicines/human/EPAR/${product.toLowerCase()}`,
})

export const NSAIDS = [
  'diclofenac',
  'indometacin',
  'ketorolac',
  'meloxicam',
  'piroxicam',
  'ibuprofen',
  'naproxen',
  'mefenamic acid',
  'celecoxib',
  'etoricoxib',
]
const STRONG_CYP3A4_INHIBITORS = [
  'clarithromycin',
  'itraconazole',
  'ketoconazole',
  'voriconazole',
  'posaconazole',
  'ritonavir',
]
const STRONG_CYP3A4_INDUCERS = ['rifampicin', 'phenytoin', 'carbamazepine']
const PPIS = ['omeprazole', 'esomeprazole', 'pantoprazole']
const NITRATES = ['nitroglycerin', 'isosorbide dinitrate', 'isosorbide mononitrate']
const ORAL_FACTOR_XA = ['rivaroxaban', 'apixaban']
const ANTICOAGULANTS = ['warfarin', 'dabigatran', 'rivaroxaban', 'apixaban', 'edoxaban', 'enoxaparin']
const SEROTONERGIC = [
  'fluoxetine',
  'citalopram',
  'paroxetine',
  'sertraline',
  'escitalopram',
  'venlafaxine',
  'duloxetine',
]
const ACE_INHIBITORS = ['enalapril', 'lisinopril', 'ramipril']
const RAS_BLOCKERS = [...ACE_INHIBITORS, 'losartan', 'valsartan']
/** With a known risk of torsades de pointes. */
const QT_KNOWN_RISK = [
  'amiodarone',
  'azithromycin',
  'ciprofloxacin',
  'citalopram',
  'clarithromycin',
  'domperidone',
  'erythromycin',
  'escitalopram',
  'fluconazole',
  'haloperidol',
  'levofloxacin',
  'methadone',
  'moxifloxacin',
  'ondansetron',
]

/** The gravest first: of two rows for one pair the first counts. */
export const interactions: readonly Interaction[] = [
  {
    one: ['sildenafil', 'tadalafil', 'vardenafil'],
    other: [...NITRATES, 'nicorandil'],
    level: 'contraindicated',
    says: said('Blood pressure may fall dangerously. Do not give together.', '血壓可能嚴重下降，不可併用。'),
    evidence: usLabel('sildenafil', 'section 4'),
  },
  {
    one: ['simvastatin'],
    other: [...STRONG_CYP3A4_INHIBITORS, 'erythromycin', 'ciclosporin', 'gemfibrozil'],
    level: 'contraindicated',
    says: said(
      'Simvastatin rises and may cause myopathy and rhabdomyolysis. Pause simvastatin, or use a statin that is not broken down by CYP3A4.',
      'Simvastatin 濃度上升，可能造成肌病變及橫紋肌溶解。請暫停 simvastatin，或改用不經 CYP3A4 代謝之 statin。',
    ),
    evidence: usLabel('simvastatin', 'section 4'),
  },
  {
    one: ['lovastatin'],
    other: [...STRONG_CYP3A4_INHIBITORS, 'erythromycin'],
    level: 'contraindicated',
    says: said(
      'Lovastatin rises and may cause myopathy and rhabdomyolysis. Pause lovastatin, or use a statin that is not broken down by CYP3A4.',
      'Lovastatin 濃度上升，可能造成肌病變及橫紋肌溶解。請暫停 lovastatin，或改用不經 CYP3A4 代謝之 statin。',
    ),
    evidence: usLabel('lovastatin', 'contraindications'),
  },
  {
    one: ['febuxostat'],
    other: ['azathioprine', 'mercaptopurine'],
    level: 'contraindicated',
    says: said(
      'Xanthine oxidase is inhibited and the thiopurine rises: bone marrow suppression. Do not give together.',
      '黃嘌呤氧化酶受抑制使 thiopurine 濃度上升，造成骨髓抑制，不可併用。',
    ),
    evidence: usLabel('febuxostat', 'section 4'),
  },
  {
    one: ['sacubitril'],
    other: ACE_INHIBITORS,
    level: 'contraindicated',
    says: said(
      'Risk of angioedema. Leave 36 hours between the last dose of one and the first of the other.',
      '有血管性水腫風險；兩者之間須間隔 36 小時。',
    ),
    evidence: usLabel('sacubitril', 'section 4'),
  },
  {
    one: ['tizanidine'],
    other: ['ciprofloxacin'],
    level: 'contraindicated',
    says: said(
      'Tizanidine rises many times by CYP1A2 inhibition: hypotension and sedation. Do not give together.',
      'CYP1A2 受抑制使 tizanidine 濃度大幅上升，造成低血壓及嗜睡，不可併用。',
    ),
    evidence: usLabel('tizanidine', 'section 4'),
  },
  {
    one: ['warfarin'],
    other: ['capecitabine', 'fluorouracil', 'tegafur'],
    level: 'avoid',
    says: said(
      'INR may rise within days to months; bleeding, also fatal, is known. Measure INR often and adjust warfarin, or use another anticoagulant.',
      'INR 可能於數日至數月內上升，曾有致命出血。請密集監測 INR 並調整 warfarin，或改用其他抗凝血劑。',
    ),
    evidence: usLabel('capecitabine', 'section 5'),
  },
  {
    one: ['warfarin'],
    other: ['fluconazole', 'voriconazole', 'metronidazole', 'sulfamethoxazole', 'amiodarone'],
    level: 'avoid',
    says: said(
      'CYP2C9 is inhibited and INR rises. Measure INR within days of the start and lower warfarin as needed.',
      'CYP2C9 受抑制，INR 上升。開始併用後數日內請測 INR，必要時減量。',
    ),
    evidence: usLabel('warfarin', 'section 7'),
  },
  {
    one: ['warfarin'],
    other: [...NSAIDS, 'aspirin', 'clopidogrel'],
    level: 'avoid',
    says: said(
      'More bleeding, above all from the stomach. Avoid, or protect the stomach and watch INR and haemoglobin.',
      '出血風險上升，尤其消化道。請避免併用，或給予胃黏膜保護並監測 INR 與血紅素。',
    ),
    evidence: usLabel('warfarin', 'section 7'),
  },
  {
    one: ['warfarin'],
    other: ['rifampicin', 'carbamazepine', 'phenytoin', 'phenobarbital'],
    level: 'avoid',
    says: said(
      'Enzymes are induced and INR changes, mostly falls. Measure INR often, also when the inducer ends.',
      '酵素被誘導，INR 改變（多為下降）。請密集監測 INR，停用誘導劑時亦同。',
    ),
    evidence: usLabel('warfarin', 'section 7'),
  },
  {
    one: ['warfarin'],
    other: ['tamoxifen'],
    level: 'avoid',
    says: said(
      'The effect of warfarin may rise markedly. Measure INR closely.',
      'Warfarin 作用可能明顯增強，請密切監測 INR。',
    ),
    evidence: usLabel('tamoxifen', 'section 7'),
  },
  {
    one: ORAL_FACTOR_XA,
    other: STRONG_CYP3A4_INDUCERS,
    level: 'avoid',
    says: said(
      'The anticoagulant falls and may not protect. Avoid together.',
      '抗凝血劑濃度下降，可能失去保護作用，請避免併用。',
    ),
    evidence: usLabel('apixaban', 'section 7'),
  },
  {
    one: ['dabigatran'],
    other: ['rifampicin'],
    level: 'avoid',
    says: said(
      'P-glycoprotein is induced and dabigatran falls. Avoid together.',
      'P-gp 被誘導使 dabigatran 濃度下降，請避免併用。',
    ),
    evidence: usLabel('dabigatran', 'section 7'),
  },
  {
    one: ORAL_FACTOR_XA,
    other: ['ketoconazole', 'itraconazole', 'ritonavir'],
    level: 'avoid',
    says: said(
      'CYP3A4 and P-glycoprotein are inhibited: the anticoagulant rises, more bleeding. Avoid rivaroxaban; halve apixaban or avoid it.',
      'CYP3A4 與 P-gp 受抑制，抗凝血劑濃度上升、出血增加。避免使用 rivaroxaban；apixaban 減半或避免。',
    ),
    evidence: usLabel('rivaroxaban', 'section 7'),
  },
  {
    one: ['dabigatran', 'rivaroxaban', 'apixaban', 'edoxaban', 'enoxaparin'],
    other: [...NSAIDS, 'aspirin'],
    level: 'avoid',
    says: said(
      'More bleeding. Avoid, or give for as short as possible and watch.',
      '出血風險上升。請避免併用，或盡量縮短併用時間並監測。',
    ),
    evidence: usLabel('apixaban', 'section 7'),
  },
  {
    one: ANTICOAGULANTS,
    other: ANTICOAGULANTS,
    level: 'avoid',
    says: said(
      'Two anticoagulants at once. Meant only while changing from one to the other.',
      '同時使用兩種抗凝血劑；僅於轉換期間為之。',
    ),
    evidence: usLabel('rivaroxaban', 'sections 2.3 and 7'),
  },
  {
    one: ['osimertinib'],
    other: STRONG_CYP3A4_INDUCERS,
    level: 'avoid',
    says: said(
      'Osimertinib falls. Avoid; where it cannot be avoided the label raises the dose to 160 mg daily, and back to 80 mg three weeks after the inducer ends.',
      'Osimertinib 濃度下降。請避免併用；無法避免時，仿單建議增至每日 160 毫克，停用誘導劑三週後回復 80 毫克。',
    ),
    evidence: usLabel('osimertinib', 'sections 2.4 and 7'),
  },
  {
    one: [
      'gefitinib',
      'erlotinib',
      'imatinib',
      'nilotinib',
      'dasatinib',
      'lapatinib',
      'palbociclib',
      'olaparib',
      'abiraterone',
    ],
    other: STRONG_CYP3A4_INDUCERS,
    level: 'avoid',
    says: said(
      'The cancer drug falls and may fail. Use another drug than the inducer, or adjust the dose as its label says.',
      '抗癌藥濃度下降，可能失效。請改用非誘導劑，或依仿單調整劑量。',
    ),
    evidence: usLabel('erlotinib', 'section 7'),
  },
  {
    one: ['nilotinib', 'lapatinib', 'palbociclib', 'ribociclib', 'olaparib', 'everolimus', 'pazopanib'],
    other: STRONG_CYP3A4_INHIBITORS,
    level: 'avoid',
    says: said(
      'The cancer drug rises. Use another drug than the inhibitor, or lower the dose as its label says.',
      '抗癌藥濃度上升。請改用非抑制劑，或依仿單減量。',
    ),
    evidence: usLabel('palbociclib', 'section 7'),
  },
  {
    one: ['irinotecan'],
    other: [...STRONG_CYP3A4_INHIBITORS, ...STRONG_CYP3A4_INDUCERS],
    level: 'avoid',
    says: said(
      'SN-38 rises with inhibitors and falls with inducers of CYP3A4. Avoid; change inducers two weeks before the first dose.',
      'CYP3A4 抑制劑使 SN-38 上升、誘導劑使其下降。請避免併用；誘導劑應於首次給藥前兩週更換。',
    ),
    evidence: usLabel('irinotecan', 'section 7'),
  },
  {
    one: ['erlotinib', 'dasatinib', 'gefitinib'],
    other: PPIS,
    level: 'avoid',
    says: said(
      'Less of the cancer drug is absorbed when there is no acid. Avoid proton pump inhibitors; ask whether an antacid, hours apart, is enough.',
      '胃酸減少使抗癌藥吸收下降。請避免氫離子幫浦抑制劑；評估是否可改用間隔數小時之制酸劑。',
    ),
    evidence: usLabel('erlotinib', 'section 7'),
  },
  {
    one: ['tamoxifen'],
    other: ['paroxetine', 'fluoxetine', 'bupropion'],
    level: 'avoid',
    says: said(
      'CYP2D6 is strongly inhibited and less endoxifen is made; whether tamoxifen then protects less is not settled. Choose an antidepressant that hardly inhibits CYP2D6, as venlafaxine.',
      'CYP2D6 受強烈抑制，活性代謝物 endoxifen 減少；是否降低療效尚無定論。請選用對 CYP2D6 影響小之抗憂鬱劑，如 venlafaxine。',
    ),
    evidence: usLabel('paroxetine', 'drug interactions'),
  },
  {
    one: ['methotrexate'],
    other: ['trimethoprim', 'sulfamethoxazole'],
    level: 'avoid',
    says: said(
      'Both block folate, and methotrexate is excreted less: bone marrow suppression, also fatal, is known even at low doses. Use another antibiotic.',
      '兩者皆抑制葉酸，且 methotrexate 排除減少；即使低劑量亦曾致命性骨髓抑制。請改用其他抗生素。',
    ),
    evidence: usLabel('methotrexate', 'section 7'),
  },
  {
    one: ['methotrexate'],
    other: [...NSAIDS, 'aspirin'],
    level: 'avoid',
    says: said(
      'Methotrexate may be excreted less. Not with high doses; with low weekly doses watch blood counts and kidneys.',
      'Methotrexate 排除可能減少。高劑量時不可併用；每週低劑量時請監測血球與腎功能。',
    ),
    evidence: usLabel('methotrexate', 'section 7'),
  },
  {
    one: ['methotrexate'],
    other: PPIS,
    level: 'watch',
    says: said(
      'With high doses methotrexate may stay longer. Consider pausing the proton pump inhibitor.',
      '高劑量時 methotrexate 可能滯留較久，請考慮暫停氫離子幫浦抑制劑。',
    ),
    evidence: usLabel('methotrexate', 'section 7'),
  },
  {
    one: ['allopurinol'],
    other: ['azathioprine', 'mercaptopurine'],
    level: 'avoid',
    says: said(
      'The thiopurine rises: bone marrow suppression. Give a third to a quarter of its usual dose and watch blood counts, or avoid.',
      'Thiopurine 濃度上升，造成骨髓抑制。請減至原劑量之三分之一至四分之一並監測血球，或避免併用。',
    ),
    evidence: usLabel('allopurinol', 'drug interactions'),
  },
  {
    one: ['clopidogrel'],
    other: ['omeprazole', 'esomeprazole'],
    level: 'avoid',
    says: said(
      'CYP2C19 is inhibited and clopidogrel works less. Use pantoprazole instead.',
      'CYP2C19 受抑制使 clopidogrel 效果下降，請改用 pantoprazole。',
    ),
    evidence: usLabel('clopidogrel', 'section 7'),
  },
  {
    one: ['fluorouracil', 'capecitabine', 'tegafur'],
    other: ['phenytoin'],
    level: 'avoid',
    says: said(
      'Phenytoin rises. Measure its level and lower the dose as needed.',
      'Phenytoin 濃度上升，請測血中濃度並視需要減量。',
    ),
    evidence: usLabel('capecitabine', 'section 7'),
  },
  {
    one: ['valproic acid'],
    other: ['meropenem', 'imipenem', 'ertapenem'],
    level: 'avoid',
    says: said(
      'Valproate falls within a day or two and seizures may break through. Use another antibiotic, or another anticonvulsant meanwhile.',
      'Valproate 濃度於一至二日內下降，可能癲癇發作。請改用其他抗生素，或併用其他抗癲癇藥。',
    ),
    evidence: usLabel('meropenem', 'section 7'),
  },
  {
    one: ['colchicine'],
    other: ['clarithromycin', 'itraconazole', 'ketoconazole', 'ritonavir', 'ciclosporin'],
    level: 'avoid',
    says: said(
      'Colchicine rises and may be fatal; contraindicated when kidneys or liver are impaired. Lower the dose as the label says, or avoid.',
      'Colchicine 濃度上升，可能致命；肝腎功能不全者禁用。請依仿單減量或避免併用。',
    ),
    evidence: usLabel('colchicine', 'sections 4 and 7'),
  },
  {
    one: ['ciclosporin', 'tacrolimus'],
    other: [...STRONG_CYP3A4_INHIBITORS, 'erythromycin', 'fluconazole', 'rifampicin', 'phenytoin', 'carbamazepine'],
    level: 'avoid',
    says: said(
      'The level of the immunosuppressant changes: up with inhibitors, down with inducers. Measure it early and adjust.',
      '免疫抑制劑濃度改變（抑制劑使其上升、誘導劑使其下降）。請及早測血中濃度並調整。',
    ),
    evidence: usLabel('tacrolimus', 'section 7'),
  },
  {
    one: ['lithium'],
    other: [...NSAIDS, ...RAS_BLOCKERS, 'hydrochlorothiazide'],
    level: 'avoid',
    says: said(
      'Lithium is excreted less and may become toxic. Measure its level and the kidneys, lower the dose.',
      '鋰鹽排除減少，可能中毒。請測血中濃度與腎功能並減量。',
    ),
    evidence: usLabel('lithium', 'section 7'),
  },
  {
    one: ['digoxin'],
    other: ['amiodarone', 'clarithromycin', 'verapamil', 'itraconazole'],
    level: 'avoid',
    says: said(
      'Digoxin rises. Measure its level before and lower the dose as the label says.',
      'Digoxin 濃度上升。併用前請測血中濃度並依仿單減量。',
    ),
    evidence: usLabel('digoxin', 'section 7'),
  },
  {
    one: SEROTONERGIC,
    other: ['linezolid', 'tramadol'],
    level: 'avoid',
    says: said(
      'Serotonin syndrome. Use another drug, or watch for agitation, tremor, fever and clonus.',
      '可能發生血清素症候群。請改用其他藥品，或監測躁動、顫抖、發燒及陣攣。',
    ),
    evidence: usLabel('linezolid', 'section 5'),
  },
  {
    one: ['enzalutamide', 'apalutamide'],
    other: ['warfarin', ...ORAL_FACTOR_XA],
    level: 'avoid',
    says: said(
      'A strong inducer: the anticoagulant may fall. Avoid, or measure (INR) and adjust.',
      '強效酵素誘導劑：抗凝血劑濃度可能下降。請避免併用，或監測（INR）並調整。',
    ),
    evidence: usLabel('enzalutamide', 'section 7'),
  },
  {
    one: QT_KNOWN_RISK,
    other: QT_KNOWN_RISK,
    level: 'avoid',
    says: said(
      'Both can prolong QT and cause torsades de pointes. Choose another, or record an ECG and correct potassium and magnesium.',
      '兩者皆可能延長 QT 間期並引起 torsades de pointes。請改用其他藥品，或做心電圖並矯正鉀、鎂。',
    ),
    evidence: { label: 'CredibleMeds QTdrugs list (known risk)', url: 'https://crediblemeds.org' },
  },
  {
    one: ['simvastatin'],
    other: ['amlodipine', 'amiodarone', 'verapamil', 'diltiazem'],
    level: 'watch',
    says: said(
      'At most 20 mg of simvastatin daily with amlodipine or amiodarone, 10 mg with verapamil or diltiazem.',
      '併用 amlodipine 或 amiodarone 時 simvastatin 每日上限 20 毫克；併用 verapamil 或 diltiazem 時上限 10 毫克。',
    ),
    evidence: usLabel('simvastatin', 'section 2'),
  },
  {
    one: ['spironolactone'],
    other: RAS_BLOCKERS,
    level: 'watch',
    says: said(
      'Potassium may rise. Measure potassium and creatinine within a week of start or change.',
      '血鉀可能上升。開始或調整後一週內請測血鉀與肌酸酐。',
    ),
    evidence: usLabel('spironolactone', 'section 7'),
  },
]
