// https://hl7.org/fhir/R4/goal.html

Profile: DhpGoal
Parent: Goal
Id: dhp-goal
Title: "DHP Goal"
Description: "What a patient and those who care want to reach. Aligns with TW Core and US Core Goal. 照護目標。"
* lifecycleStatus MS
* achievementStatus MS
* description MS
* description obeys dhp-coded-or-text
* insert OfPatient(subject)
* start[x] MS
* target MS
* target.due[x] MS
* addresses MS

Instance: goal-hba1c
InstanceOf: DhpGoal
Usage: #example
Title: "Haemoglobin A1c below seven"
* insert Synthetic
* lifecycleStatus = #active
* description.text = "醣化血紅素低於 7%"
* subject = Reference(patient-chen)
* startDate = "2026-05-02"
* target.measure = $loinc#4548-4
* target.detailQuantity = 7 '%' "%"
* target.dueDate = "2026-11-02"
* addresses = Reference(condition-diabetes)

Instance: bad-goal-description
InstanceOf: Goal
Usage: #example
Title: "A goal that is not said"
* insert Bad(DhpGoal, Goal.description, Neither code nor text)
* lifecycleStatus = #active
* description.coding.system = $sct
* subject = Reference(patient-chen)
