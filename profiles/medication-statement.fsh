// https://hl7.org/fhir/R4/medicationstatement.html

Profile: DhpMedicationStatement
Parent: MedicationStatement
Id: dhp-medication-statement
Title: "DHP Medication Statement"
Description: "What a patient takes or took, from whatever source: the NHI medication record, family, another hospital. Aligns with TW Core MedicationStatement. 用藥紀錄。"
* obeys dhp-medication-codes
* identifier MS
* status MS
* category MS
* insert MedicationCoded
* insert OfPatient(subject)
* context MS
* effective[x] MS
* dateAsserted MS
* informationSource MS
* reasonCode MS
* reasonReference MS
* insert DosageInstruction(dosage)

Instance: medication-statement-aspirin
InstanceOf: DhpMedicationStatement
Usage: #example
Title: "Aspirin from another hospital"
* insert Synthetic
* status = #active
* medicationCodeableConcept = $atc#B01AC06 "acetylsalicylic acid"
* medicationCodeableConcept.text = "Aspirin 100 mg"
* subject = Reference(patient-chen)
* effectivePeriod.start = "2020-01-01"
* informationSource = Reference(patient-chen)
* dosage.text = "每日一次"
* dosage.timing.code = $nhi-frequency#QD "每日一次"
* dosage.route = $nhi-route#PO "口服"

Instance: bad-medication-statement-code
InstanceOf: MedicationStatement
Usage: #example
Title: "An NHI drug code with a dash"
* insert Bad(DhpMedicationStatement, MedicationStatement, An NHI drug code has ten characters)
* status = #active
* medicationCodeableConcept = $nhi-drug#AC-43512100
* subject = Reference(patient-chen)
