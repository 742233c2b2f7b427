/**
 * What the resource types are called by people who do not read FHIR.
 * https://hl7.org/fhir/R4/resourcelist.html
 */
import type { Language } from './language.ts'

const names: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  '*': ['everything in the record', '病歷的全部內容'],
  Account: ['accounts', '帳戶'],
  AdverseEvent: ['adverse events', '不良事件'],
  AllergyIntolerance: ['allergies and intolerances', '過敏與不耐受'],
  Appointment: ['appointments', '預約'],
  AuditEvent: ['the log of who looked at what', '存取稽核紀錄'],
  Basic: ['other entries, and what the app itself keeps', '其他項目及應用程式自存的資料'],
  Binary: ['files', '檔案'],
  BodyStructure: ['body sites', '身體部位'],
  CarePlan: ['care plans', '照護計畫'],
  CareTeam: ['care teams', '照護團隊'],
  ChargeItem: ['charges', '計費項目'],
  Claim: ['insurance claims', '保險申報'],
  Communication: ['messages', '通訊紀錄'],
  Composition: ['documents', '文件'],
  Condition: ['diagnoses and health problems', '診斷與健康問題'],
  Consent: ['consents', '同意書'],
  Coverage: ['insurance', '保險資料'],
  DetectedIssue: ['safety warnings', '安全警示'],
  Device: ['medical devices', '醫療器材'],
  DeviceUseStatement: ['use of devices', '醫療器材使用紀錄'],
  DiagnosticReport: ['reports of tests', '檢驗檢查報告'],
  DocumentReference: ['clinical documents', '臨床文件'],
  Encounter: ['visits and stays', '就醫紀錄'],
  EpisodeOfCare: ['episodes of care', '照護歷程'],
  ExplanationOfBenefit: ['insurance payments', '保險給付說明'],
  FamilyMemberHistory: ['illnesses in the family', '家族病史'],
  Flag: ['alerts', '警示註記'],
  Goal: ['treatment goals', '照護目標'],
  Group: ['groups of patients', '病人群組'],
  ImagingStudy: ['imaging studies', '影像檢查'],
  Immunization: ['vaccinations', '預防接種'],
  List: ['lists', '清單'],
  Location: ['places of care', '就醫地點'],
  Media: ['pictures and recordings', '影像與錄音'],
  Medication: ['medicines', '藥品'],
  MedicationAdministration: ['medicines given', '給藥紀錄'],
  MedicationDispense: ['medicines handed out', '調劑紀錄'],
  MedicationRequest: ['prescriptions', '處方'],
  MedicationStatement: ['medicines taken', '用藥紀錄'],
  MolecularSequence: ['genetic sequences', '基因序列'],
  NutritionOrder: ['diet orders', '飲食醫囑'],
  Observation: ['measurements, laboratory results and other observations', '檢驗、生命徵象與其他觀察'],
  Organization: ['hospitals and departments', '醫療機構與科別'],
  Patient: ['personal details (name, date of birth, address …)', '個人基本資料（姓名、生日、地址等）'],
  Person: ['links between records of a person', '人員資料連結'],
  Practitioner: ['doctors, nurses and other staff', '醫事人員'],
  PractitionerRole: ['duties of staff', '醫事人員職務'],
  Procedure: ['treatments and operations', '處置與手術'],
  Provenance: ['where entries come from', '資料來源'],
  Questionnaire: ['questionnaires', '問卷'],
  QuestionnaireResponse: ['answers to questionnaires', '問卷填答'],
  RelatedPerson: ['relatives and carers', '親屬與照顧者'],
  ResearchStudy: ['research studies', '研究計畫'],
  ResearchSubject: ['participation in research', '研究參與'],
  RiskAssessment: ['risk assessments', '風險評估'],
  Schedule: ['schedules', '排班'],
  ServiceRequest: ['orders and referrals', '醫囑與轉介'],
  Slot: ['free times', '可預約時段'],
  Specimen: ['specimens', '檢體'],
  Task: ['tasks', '工作項目'],
  VisionPrescription: ['prescriptions for glasses', '驗光處方'],
}

/** The type's own name is put behind, so that those who know FHIR can see it; alone where there is no plain name. */
export function typeName(type: string, language: Language): string {
  const known = Object.hasOwn(names, type) ? names[type]! : undefined
  if (!known) return type
  return type === '*' ? known[language === 'zh' ? 1 : 0] : `${known[language === 'zh' ? 1 : 0]} (${type})`
}
