// https://hl7.org/fhir/R4/observation.html

Profile: DhpClinicalResult
Parent: Observation
Id: dhp-clinical-result
Title: "DHP Clinical Result"
Description: "The result of an examination that is not a laboratory's: electrocardiogram, imaging finding, physical examination. Aligns with TW Core and US Core clinical result. 臨床檢查結果（非檢驗）。"
* insert PatientObservation
* obeys dhp-result
* category 1..*
* category from DhpClinicalResultCategory (extensible)
* effective[x] obeys dhp-day
* valueQuantity obeys dhp-ucum
* bodySite MS
* method MS

ValueSet: DhpClinicalResultCategory
Id: dhp-clinical-result-category
Title: "Category of a clinical result"
Description: "Kinds of examination. 臨床檢查類別。"
* ^experimental = false
* $observation-category#exam "Exam"
* $observation-category#imaging "Imaging"
* $observation-category#procedure "Procedure"
* $observation-category#therapy "Therapy"
* $observation-category#activity "Activity"
* $observation-category#vital-signs "Vital Signs"
* $observation-category#laboratory "Laboratory"

Instance: clinical-result-ejection-fraction
InstanceOf: DhpClinicalResult
Usage: #example
Title: "Left ventricular ejection fraction"
* insert Synthetic
* status = #final
* category = $observation-category#imaging
* code = $loinc#10230-1 "Left ventricular Ejection fraction"
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* performer = Reference(practitioner-wang)
* valueQuantity = 62 '%' "%"

Instance: bad-clinical-result-day
InstanceOf: Observation
Usage: #example
Title: "An examination of some day in the year"
* insert Bad(DhpClinicalResult, [[Observation.effective.ofType(dateTime)]], The day is missing)
* status = #final
* category = $observation-category#imaging
* code = $loinc#10230-1
* subject = Reference(patient-chen)
* effectiveDateTime = "2026"
* valueQuantity = 62 '%' "%"
