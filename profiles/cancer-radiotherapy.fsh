// A course of radiotherapy and the volumes that were treated.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-radiotherapy-course-summary.html

Invariant: dhp-radiotherapy-fractions
Description: "A volume does not get more fractions than there were sessions, unless several were given a day / 單一照射範圍之分次數不應多於總治療次數"
Severity: #warning
Expression: "extension.where(url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-sessions').empty() or extension.where(url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume').extension.where(url = 'fractionsDelivered').value.all($this <= %resource.extension.where(url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-sessions').value.first())"

Invariant: dhp-radiotherapy-dose
Description: "A dose delivered is more than 0 and at most 15000 cGy; a value in Gy is entered as cGy (times 100) / 劑量須大於 0 且不超過 15000 cGy；Gy 請乘以 100"
Severity: #error
Expression: "value > 0 and value <= 15000"

Profile: DhpRadiotherapyCourse
Parent: mcode-radiotherapy-course-summary
Id: dhp-radiotherapy-course
Title: "DHP Radiotherapy Course"
Description: "One course of radiotherapy: intent, modality and technique, sessions, and the dose to each volume in cGy. 放射治療療程：目的、治療方式與技術、次數及各照射範圍劑量（cGy），對應癌症登記 4.2 欄。"
* obeys dhp-cancer-reason and dhp-radiotherapy-fractions
* extension[treatmentIntent] 1..1 MS
* extension[modalityAndTechnique] 1..* MS
* extension[actualNumberOfSessions] MS
* extension[doseDeliveredToVolume] 1..* MS
* extension[doseDeliveredToVolume].extension[totalDoseDelivered] 1..1
* extension[doseDeliveredToVolume].extension[totalDoseDelivered].value[x] obeys dhp-radiotherapy-dose
* performed[x] 1..1
* performedPeriod.start 1..1

Profile: DhpRadiotherapyVolume
Parent: mcode-radiotherapy-volume
Id: dhp-radiotherapy-volume
Title: "DHP Radiotherapy Volume"
Description: "A volume that is irradiated. 放射治療照射範圍。"
* location 1..1 MS
* description MS

Instance: radiotherapy-volume-spine
InstanceOf: DhpRadiotherapyVolume
Usage: #example
Title: "Thoracic spine"
* insert Synthetic
* identifier[displayName].use = #usual
* identifier[displayName].value = "PTV T8-T10"
* morphology = $sct#228793007 "Planning target volume (observable entity)"
* location = $sct#35769007 "Bone structure of thoracic vertebra (body structure)"
* description = "第八至第十胸椎計畫靶體積"
* patient.reference = "Patient/cancer-patient-example"

Instance: radiotherapy-course-spine
InstanceOf: DhpRadiotherapyCourse
Usage: #example
Title: "3000 cGy in 10 fractions to the spine"
* insert Synthetic
* extension[treatmentIntent].valueCodeableConcept = $sct#363676003 "Palliative - procedure intent"
* extension[modalityAndTechnique].extension[modality].valueCodeableConcept = $sct#1156506007 "External beam radiation therapy using photons (procedure)"
* extension[modalityAndTechnique].extension[technique].valueCodeableConcept = $sct#1156530009 "Volumetric Modulated Arc Therapy (procedure)"
* extension[actualNumberOfSessions].valueUnsignedInt = 10
* extension[doseDeliveredToVolume].extension[volume].valueReference.reference = "BodyStructure/radiotherapy-volume-spine"
* extension[doseDeliveredToVolume].extension[totalDoseDelivered].valueQuantity = 3000 'cGy' "cGy"
* extension[doseDeliveredToVolume].extension[fractionsDelivered].valueUnsignedInt = 10
* status = #completed
* code = $sct#1217123003
* subject.reference = "Patient/cancer-patient-example"
* performedPeriod.start = "2024-04-22"
* performedPeriod.end = "2024-05-03"
* reasonReference.reference = "Condition/secondary-cancer-bone"
* bodySite = $sct#35769007 "Bone structure of thoracic vertebra (body structure)"

Instance: bad-radiotherapy-dose
InstanceOf: Procedure
Usage: #example
Title: "A dose of 300000 cGy"
* insert Bad(DhpRadiotherapyCourse, [[Procedure.extension[2].extension[1].value.ofType(Quantity)]], [[the dose is a hundred times too large]])
* extension[0].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent"
* extension[0].valueCodeableConcept = $sct#363676003 "Palliative - procedure intent"
* extension[1].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality-and-technique"
* extension[1].extension[0].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality"
* extension[1].extension[0].valueCodeableConcept = $sct#1156506007 "External beam radiation therapy using photons (procedure)"
* extension[1].extension[1].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-technique"
* extension[1].extension[1].valueCodeableConcept = $sct#1156530009 "Volumetric Modulated Arc Therapy (procedure)"
* extension[2].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume"
* extension[2].extension[0].url = "volume"
* extension[2].extension[0].valueReference.reference = "BodyStructure/radiotherapy-volume-spine"
* extension[2].extension[1].url = "totalDoseDelivered"
* extension[2].extension[1].valueQuantity = 300000 'cGy' "cGy"
* status = #completed
* code = $sct#1217123003
* subject.reference = "Patient/cancer-patient-example"
* performedPeriod.start = "2024-04-22"
* performedPeriod.end = "2024-05-03"
* reasonReference.reference = "Condition/secondary-cancer-bone"

Instance: bad-radiotherapy-volume-nameless
InstanceOf: BodyStructure
Usage: #example
Title: "A volume without name or description"
* insert Bad(DhpRadiotherapyVolume, BodyStructure, [[neither an identifier nor a description]])
* morphology = $sct#228793007 "Planning target volume (observable entity)"
* location = $sct#35769007 "Bone structure of thoracic vertebra (body structure)"
* patient.reference = "Patient/cancer-patient-example"
