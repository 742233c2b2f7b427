// https://hl7.org/fhir/us/core/STU6.1/StructureDefinition-us-core-observation-occupation.html

Profile: DhpOccupation
Parent: Observation
Id: dhp-occupation
Title: "DHP Occupation"
Description: "What a patient works or worked as, and in which industry. Aligns with TW Core and US Core occupation. 職業與行業。"
* insert PatientObservation
* insert CategoryIs(socialHistory, $observation-category#social-history)
* code = $loinc#11341-5
* effective[x] only Period
* value[x] 1..1
* value[x] only CodeableConcept
* component MS
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* component contains industry 0..1 MS
* component[industry].code MS
* component[industry].code = $loinc#86188-0
* component[industry].value[x] 1..1 MS
* component[industry].value[x] only CodeableConcept

Instance: occupation-farmer
InstanceOf: DhpOccupation
Usage: #example
Title: "A farmer"
* insert Synthetic
* status = #final
* category[socialHistory] = $observation-category#social-history
* code = $loinc#11341-5 "History of Occupation"
* subject = Reference(patient-chen)
* effectivePeriod.start = "1985"
* valueCodeableConcept = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/occupation-lia-roc-tw#01010020
* valueCodeableConcept.text = "農夫"
* component[industry].code = $loinc#86188-0 "History of Occupation industry"
* component[industry].valueCodeableConcept = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/industry-dgbas-tw#A
* component[industry].valueCodeableConcept.text = "農、林、漁、牧業"

Instance: bad-occupation-date
InstanceOf: Observation
Usage: #example
Title: "An occupation on one day"
* insert Bad(DhpOccupation, [[Observation.effective.ofType(dateTime)]], An occupation has a period)
* status = #final
* category = $observation-category#social-history
* code = $loinc#11341-5
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueCodeableConcept.text = "農民"
