// https://hl7.org/fhir/R4/medicationdispense.html

Profile: DhpMedicationDispense
Parent: MedicationDispense
Id: dhp-medication-dispense
Title: "DHP Medication Dispense"
Description: "What a pharmacy gave out. Aligns with TW Core and US Core MedicationDispense. 調劑紀錄。"
* obeys dhp-medication-codes
* obeys dhp-dispensed
* identifier MS
* status MS
* category MS
* insert MedicationCoded
* insert OfPatient(subject)
* context MS
* performer MS
* performer.actor MS
* authorizingPrescription MS
* type MS
* quantity MS
* daysSupply MS
* whenHandedOver MS
* insert DosageInstruction(dosageInstruction)

Invariant: dhp-dispensed
Severity: #error
Description: "A completed dispense says when it was handed over. 已完成之調劑須有交付時間。"
Expression: "status = 'completed' implies whenHandedOver.exists()"

Instance: medication-dispense-metformin
InstanceOf: DhpMedicationDispense
Usage: #example
Title: "Metformin for 28 days"
* insert Synthetic
* status = #completed
* medicationReference = Reference(medication-metformin)
* subject = Reference(patient-chen)
* performer.actor = Reference(organization-hospital-a)
* authorizingPrescription = Reference(medication-request-metformin)
* type = $act#RF "Refill"
* quantity = 56 '{tbl}' "錠"
* daysSupply = 28 'd' "天"
* whenHandedOver = "2026-05-02T09:50:00+08:00"
* dosageInstruction.text = "每日二次，每次一錠，飯後口服"

Instance: bad-medication-dispense-time
InstanceOf: MedicationDispense
Usage: #example
Title: "Dispensed, nobody knows when"
* insert Bad(DhpMedicationDispense, MedicationDispense, A completed dispense without whenHandedOver)
* status = #completed
* medicationCodeableConcept = $nhi-drug#AC43512100
* subject = Reference(patient-chen)
