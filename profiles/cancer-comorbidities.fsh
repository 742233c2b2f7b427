// What else the patient has, or has not, that matters for the cancer.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-comorbidities.html

Invariant: dhp-comorbidity-any
Description: "At least one condition is said to be present or absent / 至少列出一項有或無之共病"
Severity: #error
Expression: "extension.where(url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition' or url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition-absent').exists()"

Profile: DhpCancerComorbidities
Parent: mcode-comorbidities
Id: dhp-cancer-comorbidities
Title: "DHP Cancer Comorbidities"
Description: "Conditions beside a cancer that are present, and those that were looked for and are absent. 癌症共病：存在者與已確認不存在者。"
* obeys dhp-comorbidity-any
* focus 1..1 MS
* effective[x] 1..1 MS

Instance: comorbidities-lung
InstanceOf: DhpCancerComorbidities
Usage: #example
Title: "COPD present, diabetes absent"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* category = $observation-category#exam
* code = $sct#398192003
* focus.reference = "Condition/primary-cancer-lung"
* extension[comorbidConditionPresent].valueCodeableConcept = $icd10cm#J44.9 "慢性阻塞性肺病"
* extension[comorbidConditionAbsent].valueCodeableConcept = $icd10cm#E11.9 "第二型糖尿病，未伴有併發症"

Instance: bad-comorbidities-none
InstanceOf: Observation
Usage: #example
Title: "Comorbidities that name none"
* insert Bad(DhpCancerComorbidities, Observation, [[neither a present nor an absent condition is named]])
* insert ByOncologist(2024-03-18)
* category = $observation-category#exam
* code = $sct#398192003
* focus.reference = "Condition/primary-cancer-lung"
