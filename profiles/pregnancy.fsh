// https://hl7.org/fhir/us/core/STU6.1/StructureDefinition-us-core-observation-pregnancystatus.html

Profile: DhpPregnancyStatus
Parent: Observation
Id: dhp-pregnancy-status
Title: "DHP Pregnancy Status"
Description: "Whether a patient is pregnant. Aligns with TW Core and US Core pregnancy status. 懷孕狀態。"
* insert PatientObservation
* category from http://hl7.org/fhir/ValueSet/observation-category (preferred)
* code = $loinc#82810-3
* effective[x] 1..1
* effective[x] only dateTime
* value[x] 1..1
* value[x] only CodeableConcept
* value[x] from DhpPregnancyStatusValue (preferred)

ValueSet: DhpPregnancyStatusValue
Id: dhp-pregnancy-status-value
Title: "Pregnancy status"
Description: "Pregnant, not, perhaps, unknown. 懷孕、未懷孕、可能懷孕、未知。"
* ^experimental = false
* $sct#77386006 "Pregnancy"
* $sct#60001007 "Not pregnant"
* $sct#146799005 "Possible pregnancy"
* http://terminology.hl7.org/CodeSystem/v3-NullFlavor#UNK "unknown"

Profile: DhpPregnancyIntent
Parent: Observation
Id: dhp-pregnancy-intent
Title: "DHP Pregnancy Intent"
Description: "Whether a patient wishes to become pregnant in the next year. Aligns with TW Core and US Core pregnancy intent. 懷孕意願。"
* insert PatientObservation
* code = $loinc#86645-9
* effective[x] 1..1
* effective[x] only dateTime
* value[x] 1..1
* value[x] only CodeableConcept

Instance: pregnancy-status-not
InstanceOf: DhpPregnancyStatus
Usage: #example
Title: "Not pregnant"
* insert Synthetic
* status = #final
* category = $observation-category#social-history
* code = $loinc#82810-3 "Pregnancy status"
* subject = Reference(patient-resident)
* effectiveDateTime = "2026-05-02"
* valueCodeableConcept = $sct#60001007 "Not pregnant"

Instance: pregnancy-intent-yes
InstanceOf: DhpPregnancyIntent
Usage: #example
Title: "Wishes to become pregnant"
* insert Synthetic
* status = #final
* category = $observation-category#social-history
* code = $loinc#86645-9 "Pregnancy intention in the next year - Reported"
* subject = Reference(patient-resident)
* effectiveDateTime = "2026-05-02"
* valueCodeableConcept = $loinc#LA26438-4

Instance: bad-pregnancy-status-code
InstanceOf: Observation
Usage: #example
Title: "A pregnancy status under another code"
* insert Bad(DhpPregnancyStatus, Observation.code, The code is LOINC 82810-3)
* status = #final
* code = $loinc#11449-6
* subject = Reference(patient-resident)
* effectiveDateTime = "2026-05-02"
* valueCodeableConcept = $sct#60001007
