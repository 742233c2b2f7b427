// How the cancer develops: better, stable, worse; and whether it ever spread.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-cancer-disease-status.html

Invariant: dhp-disease-status-focus
Description: "The cancer whose development is told is named in focus / 須於 focus 指明所評估之癌症"
Severity: #error
Expression: "focus.exists()"

Profile: DhpCancerDiseaseStatus
Parent: mcode-cancer-disease-status
Id: dhp-cancer-disease-status
Title: "DHP Cancer Disease Status"
Description: "A clinician's judgement of how a cancer develops, and what it rests on. 臨床醫師對癌症病況變化之判斷及其依據；復發時對應癌症登記 5.1、5.2 欄。"
* obeys dhp-disease-status-focus
* extension[evidenceType] MS
* effective[x] 1..1 MS
* value[x] 1..1 MS
* value[x] from http://hl7.org/fhir/us/mcode/ValueSet/mcode-condition-status-trend-max-vs (required)

Profile: DhpHistoryOfMetastaticCancer
Parent: mcode-history-of-metastatic-cancer
Id: dhp-history-of-metastatic-cancer
Title: "DHP History of Metastatic Cancer"
Description: "Whether the patient ever had a metastasis. 是否曾有癌症轉移。"
* value[x] 1..1 MS

Instance: disease-status-improved
InstanceOf: DhpCancerDiseaseStatus
Usage: #example
Title: "Improved"
* insert Synthetic
* insert ByOncologist(2024-07-02)
* code = $loinc#97509-4
* extension[evidenceType].valueCodeableConcept = $sct#363679005 "Imaging (procedure)"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $sct#268910001 "Patient's condition improved (finding)"

Instance: history-of-metastasis
InstanceOf: DhpHistoryOfMetastaticCancer
Usage: #example
Title: "Has had a metastasis"
* insert Synthetic
* insert ByOncologist(2024-07-02)
* category = $observation-category#social-history
* code = $sct#1287652008 "History of metastatic malignant neoplasm (situation)"
* valueBoolean = true

Instance: bad-disease-status-value
InstanceOf: Observation
Usage: #example
Title: "A state that mCODE does not have"
* insert Bad(DhpCancerDiseaseStatus, Observation.value.ofType(CodeableConcept\), [[the value is a yes or no, not a development]])
* insert ByOncologist(2024-07-02)
* code = $loinc#97509-4
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $sct#10828004 "Positive (qualifier value)"

Instance: bad-disease-status-focus
InstanceOf: Observation
Usage: #example
Title: "A development of nothing"
* insert Bad(DhpCancerDiseaseStatus, Observation, [[no cancer is named]])
* insert ByOncologist(2024-07-02)
* code = $loinc#97509-4
* valueCodeableConcept = $sct#268910001 "Patient's condition improved (finding)"
