// https://hl7.org/fhir/us/core/STU6.1/StructureDefinition-us-core-observation-sexual-orientation.html

Profile: DhpSexualOrientation
Parent: Observation
Id: dhp-sexual-orientation
Title: "DHP Sexual Orientation"
Description: "What a patient chooses to say of it; never required. Aligns with TW Core and US Core sexual orientation. 病人自願陳述之性傾向，非必填。"
* insert PatientObservation
* obeys dhp-result
* code = $loinc#76690-7
* value[x] only CodeableConcept

Instance: sexual-orientation-not-said
InstanceOf: DhpSexualOrientation
Usage: #example
Title: "Asked, and not answered"
* insert Synthetic
* status = #final
* category = $observation-category#social-history
* code = $loinc#76690-7 "Sexual orientation"
* subject = Reference(patient-resident)
* effectiveDateTime = "2026-05-02"
* dataAbsentReason = $data-absent#asked-declined "Asked But Declined"

Instance: bad-sexual-orientation-text
InstanceOf: Observation
Usage: #example
Title: "An answer as plain text"
* insert Bad(DhpSexualOrientation, [[Observation.value.ofType(string)]], The answer is a CodeableConcept)
* status = #final
* code = $loinc#76690-7
* subject = Reference(patient-resident)
* valueString = "不願回答"
