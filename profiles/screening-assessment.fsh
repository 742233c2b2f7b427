// https://hl7.org/fhir/us/core/STU6.1/StructureDefinition-us-core-observation-screening-assessment.html

Profile: DhpScreeningAssessment
Parent: Observation
Id: dhp-screening-assessment
Title: "DHP Screening or Assessment"
Description: "The answer or score of a screening or assessment: function, disability, cognition, social needs, cancer screening. Aligns with TW Core and US Core screening and assessment. 篩檢與評估結果。"
* insert PatientObservation
* obeys dhp-result
* insert CategoryIs(survey, $observation-category#survey)
* category contains kind 0..* MS
* category[kind] from DhpAssessmentCategory (required)
* effective[x] obeys dhp-day
* hasMember MS
* derivedFrom MS

ValueSet: DhpAssessmentCategory
Id: dhp-assessment-category
Title: "Category of an assessment"
Description: "What is assessed: social needs, function, disability, cognition. 評估類別：社會需求、功能、失能、認知。"
* ^experimental = false
* $tw-category#sdoh "SDOH"
* $tw-category#functional-status "Functional Status"
* $tw-category#disability-status "Disability Status"
* $tw-category#cognitive-status "Cognitive Status"

Instance: screening-assessment-barthel
InstanceOf: DhpScreeningAssessment
Usage: #example
Title: "Barthel index of daily living"
* insert Synthetic
* status = #final
* category[survey] = $observation-category#survey
* category[kind] = $tw-category#functional-status
* code = $loinc#96761-2 "Total score Barthel Index"
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* performer = Reference(practitioner-wang)
* valueQuantity = 95 '{score}' "分"

Instance: bad-screening-assessment-nothing
InstanceOf: Observation
Usage: #example
Title: "A score that is missing"
* insert Bad(DhpScreeningAssessment, Observation, Neither value nor reason)
* status = #final
* category = $observation-category#survey
* code = $loinc#96761-2
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
