// https://hl7.org/fhir/us/core/STU6.1/StructureDefinition-us-core-smokingstatus.html

Profile: DhpSmokingStatus
Parent: Observation
Id: dhp-smoking-status
Title: "DHP Smoking Status"
Description: "Whether and how much a patient smokes. Aligns with TW Core and US Core smoking status. 吸菸狀態。"
* insert PatientObservation
* insert CategoryIs(socialHistory, $observation-category#social-history)
* code from DhpSmokingObservation (extensible)
* effective[x] 1..1
* effective[x] only dateTime or Period
* value[x] 1..1
* value[x] only CodeableConcept or Quantity
* valueCodeableConcept from DhpSmokingStatusValue (extensible)
* obeys dhp-smoking-value

Invariant: dhp-smoking-value
Severity: #error
Description: "The status (LOINC 72166-2) is a code, pack-years are a quantity. 吸菸狀態為代碼，包年為數值。"
Expression: "(code.coding.exists(system = 'http://loinc.org' and (code = '72166-2' or code = '11367-0')) implies value.ofType(CodeableConcept).exists()) and (code.coding.exists(system = 'http://snomed.info/sct' and (code = '401201003' or code = '782516008')) implies value.ofType(Quantity).exists())"

ValueSet: DhpSmokingObservation
Id: dhp-smoking-observation
Title: "What is observed of smoking"
Description: "Smoking status, history, pack-years, cigarettes per day. 吸菸觀察項目。"
* ^experimental = false
* $loinc#72166-2 "Tobacco smoking status"
* $loinc#11367-0 "History of Tobacco use"
* $sct#401201003 "Cigarette pack-years"
* $sct#782516008 "Number of calculated smoking pack years"

ValueSet: DhpSmokingStatusValue
Id: dhp-smoking-status-value
Title: "Smoking status"
Description: "From never to daily. 吸菸狀態，從不吸菸到每日吸菸。"
* ^experimental = false
* $sct#266919005 "Never smoked tobacco"
* $sct#8517006 "Ex-smoker"
* $sct#449868002 "Smokes tobacco daily"
* $sct#230059006 "Occasional cigarette smoker"
* $sct#77176002 "Smoker"
* $sct#266927001 "Tobacco smoking consumption unknown"

Instance: smoking-status-never
InstanceOf: DhpSmokingStatus
Usage: #example
Title: "Never smoked"
* insert Synthetic
* status = #final
* category[socialHistory] = $observation-category#social-history
* code = $loinc#72166-2 "Tobacco smoking status"
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueCodeableConcept = $sct#266919005 "Never smoked tobacco"

Instance: bad-smoking-status-quantity
InstanceOf: Observation
Usage: #example
Title: "A smoking status that is a number"
* insert Bad(DhpSmokingStatus, Observation, The status is a code)
* status = #final
* category = $observation-category#social-history
* code = $loinc#72166-2
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueQuantity = 20 '{cigarettes}/d' "支/日"
