// https://hl7.org/fhir/us/core/STU8/StructureDefinition-us-core-treatment-intervention-preference.html

Profile: DhpTreatmentPreference
Parent: Observation
Id: dhp-treatment-preference
Title: "DHP Treatment Intervention Preference"
Description: "What a patient wants or refuses of treatment: resuscitation, ventilation, hospice. Aligns with TW Core and US Core (8.0.0) treatment intervention preference. 病人對醫療處置之意願，如急救、呼吸器、安寧緩和。"
* insert PatientObservation
* insert CategoryIs(preference, $tw-category#treatment-intervention-preference)
* code = $loinc#75773-2
* value[x] 1..1
* value[x] only string or CodeableConcept

Profile: DhpCarePreference
Parent: Observation
Id: dhp-care-preference
Title: "DHP Care Experience Preference"
Description: "How a patient wants to be cared for: language, religion, family. Aligns with TW Core and US Core (8.0.0) care experience preference. 病人對照護方式之偏好，如語言、信仰、家屬陪伴。"
* insert PatientObservation
* insert CategoryIs(preference, $tw-category#care-experience-preference)
* code = $loinc#95541-9
* effective[x] 1..1
* value[x] 1..1
* value[x] only string or CodeableConcept

Instance: treatment-preference-hospice
InstanceOf: DhpTreatmentPreference
Usage: #example
Title: "No resuscitation in a terminal illness"
* insert Synthetic
* status = #final
* category[preference] = $tw-category#treatment-intervention-preference
* code = $loinc#75773-2
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueString = "末期病人時不施行心肺復甦術，接受安寧緩和醫療。"

Instance: care-preference-taiwanese
InstanceOf: DhpCarePreference
Usage: #example
Title: "Explanations in Taiwanese"
* insert Synthetic
* status = #final
* category[preference] = $tw-category#care-experience-preference
* code = $loinc#95541-9
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueString = "希望以臺語說明病情，女兒在場。"

Instance: bad-treatment-preference-number
InstanceOf: Observation
Usage: #example
Title: "A preference that is a number"
* insert Bad(DhpTreatmentPreference, [[Observation.value.ofType(integer)]], A preference is a text or a code)
* status = #final
* category = $tw-category#treatment-intervention-preference
* code = $loinc#75773-2
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueInteger = 1
