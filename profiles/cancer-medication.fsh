// Systemic therapy: chemotherapy, hormones, targeted and immunotherapy, as ordered and as given.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-cancer-related-medication-request.html

Invariant: dhp-drug-coded
Description: "A drug has an NHI drug code or an ATC code / 藥品須有健保藥品代碼或 ATC 代碼"
Severity: #error
Expression: "coding.where(system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-nhi-tw' or system = 'http://www.whocc.no/atc').exists()"

Invariant: dhp-stopped-why
Description: "A treatment that was stopped says why / 中止之治療須說明原因"
Severity: #error
Expression: "status = 'stopped' implies statusReason.exists()"

Extension: DhpLineOfTherapy
Id: dhp-line-of-therapy
Title: "DHP Line of Therapy"
Description: "Which line of systemic therapy this is, counted from 1 for the disease at hand. 治療線別，自 1 起算。"
Context: MedicationRequest, MedicationAdministration, Procedure
* value[x] only positiveInt
* value[x] 1..1

Profile: DhpCancerRelatedMedicationRequest
Parent: mcode-cancer-related-medication-request
Id: dhp-cancer-related-medication-request
Title: "DHP Cancer-Related Medication Request"
Description: "An order of a cancer drug, with its intent and the cancer that it is for. 癌症用藥醫囑：治療目的、線別與對應癌症，對應癌症登記 4.3 欄。"
* obeys dhp-cancer-reason and dhp-stopped-why
* extension contains DhpLineOfTherapy named lineOfTherapy 0..1 MS
* extension[treatmentIntent] MS
* medicationCodeableConcept obeys dhp-drug-coded
* authoredOn 1..1
* requester 1..1
* dosageInstruction MS

Profile: DhpCancerRelatedMedicationAdministration
Parent: mcode-cancer-related-medication-administration
Id: dhp-cancer-related-medication-administration
Title: "DHP Cancer-Related Medication Administration"
Description: "A cancer drug as it was given. 癌症用藥給藥紀錄。"
* obeys dhp-cancer-reason and dhp-stopped-why
* extension contains DhpLineOfTherapy named lineOfTherapy 0..1 MS
* extension[treatmentIntent] MS
* medicationCodeableConcept obeys dhp-drug-coded
* dosage MS

Instance: medication-osimertinib
InstanceOf: DhpCancerRelatedMedicationRequest
Usage: #example
Title: "Osimertinib, first line"
* insert Synthetic
* extension[treatmentIntent].valueCodeableConcept = $sct#363676003 "Palliative - procedure intent"
* extension[lineOfTherapy].valuePositiveInt = 1
* status = #active
* intent = #order
* medicationCodeableConcept.coding = $atc#L01EB04 "osimertinib"
* medicationCodeableConcept.text = "奧希替尼 80 毫克錠"
* subject.reference = "Patient/cancer-patient-example"
* authoredOn = "2024-04-01"
* requester.display = "林惠敏醫師"
* reasonReference.reference = "Condition/primary-cancer-lung"
* dosageInstruction.text = "每日一次，每次 80 毫克，口服"

Instance: administration-carboplatin
InstanceOf: DhpCancerRelatedMedicationAdministration
Usage: #example
Title: "Carboplatin, first cycle"
* insert Synthetic
* extension[treatmentIntent].valueCodeableConcept = $sct#363676003 "Palliative - procedure intent"
* extension[lineOfTherapy].valuePositiveInt = 2
* status = #completed
* medicationCodeableConcept.coding = $atc#L01XA02 "carboplatin"
* medicationCodeableConcept.text = "卡鉑注射液"
* subject.reference = "Patient/cancer-patient-example"
* effectivePeriod.start = "2025-02-10T10:00:00+08:00"
* effectivePeriod.end = "2025-02-10T11:00:00+08:00"
* reasonReference.reference = "Condition/primary-cancer-lung"
* dosage.text = "AUC 5，450 毫克，靜脈輸注 60 分鐘"
* dosage.dose = 450 'mg' "mg"

Instance: bad-medication-stopped
InstanceOf: MedicationRequest
Usage: #example
Title: "Stopped for no reason"
* insert Bad(DhpCancerRelatedMedicationRequest, MedicationRequest, [[stopped, and nobody says why]])
* status = #stopped
* intent = #order
* medicationCodeableConcept = $atc#L01EB04 "osimertinib"
* subject.reference = "Patient/cancer-patient-example"
* authoredOn = "2024-04-01"
* requester.display = "林惠敏醫師"
* reasonReference.reference = "Condition/primary-cancer-lung"

Instance: bad-administration-drug
InstanceOf: MedicationAdministration
Usage: #example
Title: "A drug in words only"
* insert Bad(DhpCancerRelatedMedicationAdministration, MedicationAdministration.medication.ofType(CodeableConcept\), [[neither NHI nor ATC code]])
* status = #completed
* medicationCodeableConcept.text = "卡鉑注射液"
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "2025-02-10"
* reasonReference.reference = "Condition/primary-cancer-lung"
