// https://hl7.org/fhir/R4/condition.html

Profile: DhpCondition
Parent: Condition
Id: dhp-condition
Title: "DHP Condition"
Description: "A problem, health concern or diagnosis, coded in ICD-10-CM as Taiwan publishes it, SNOMED CT or both. Aligns with TW Core Condition and both Condition profiles of US Core. 問題、健康關注或診斷，以 ICD-10-CM 或 SNOMED CT 編碼。"
* clinicalStatus MS
* verificationStatus MS
* category 1..* MS
* category from DhpConditionCategory (extensible)
* severity MS
* code 1..1 MS
* code obeys dhp-coded-or-text
* code.coding obeys dhp-icd-10-cm
* bodySite MS
* insert OfPatient(subject)
* encounter MS
* onset[x] MS
* abatement[x] MS
* recordedDate MS
* recorder MS
* asserter MS
* note MS
* extension contains http://hl7.org/fhir/StructureDefinition/condition-assertedDate named assertedDate 0..1 MS

Invariant: dhp-coded-or-text
Severity: #error
Description: "A diagnosis has a code or a text. 診斷須有代碼或文字。"
Expression: "coding.code.exists() or text.exists()"

ValueSet: DhpConditionCategory
Id: dhp-condition-category
Title: "Condition category"
Description: "Problem, health concern or diagnosis of an encounter. 問題、健康關注或就醫診斷。"
* ^experimental = false
* http://terminology.hl7.org/CodeSystem/condition-category#problem-list-item "Problem List Item"
* http://terminology.hl7.org/CodeSystem/condition-category#encounter-diagnosis "Encounter Diagnosis"
* http://hl7.org/fhir/us/core/CodeSystem/condition-category#health-concern "Health Concern"

Instance: condition-diabetes
InstanceOf: DhpCondition
Usage: #example
Title: "Diabetes on the problem list"
* insert Synthetic
* clinicalStatus = http://terminology.hl7.org/CodeSystem/condition-clinical#active
* verificationStatus = http://terminology.hl7.org/CodeSystem/condition-ver-status#confirmed
* category = http://terminology.hl7.org/CodeSystem/condition-category#problem-list-item
* code = $icd10cm#E11.9
* code.text = "第二型糖尿病，未伴有併發症"
* subject = Reference(patient-chen)
* onsetDateTime = "2015-06"
* recordedDate = "2015-06-20"
* recorder = Reference(practitioner-wang)
* extension[assertedDate].valueDateTime = "2015-06-20"

Instance: bad-condition-code-without-dot
InstanceOf: Condition
Usage: #example
Title: "An ICD-10-CM code as claims files write it"
* insert Bad(DhpCondition, Condition.code.coding[0], The dot is missing)
* clinicalStatus = http://terminology.hl7.org/CodeSystem/condition-clinical#active
* category = http://terminology.hl7.org/CodeSystem/condition-category#encounter-diagnosis
* code = $icd10cm#E119
* subject = Reference(patient-chen)

Instance: bad-condition-empty-code
InstanceOf: Condition
Usage: #example
Title: "A diagnosis that names only a code system"
* insert Bad(DhpCondition, Condition.code, Neither code nor text)
* clinicalStatus = http://terminology.hl7.org/CodeSystem/condition-clinical#active
* category = http://terminology.hl7.org/CodeSystem/condition-category#encounter-diagnosis
* code.coding.system = $icd10cm
* subject = Reference(patient-chen)
