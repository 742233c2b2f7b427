// https://hl7.org/fhir/R4/encounter.html

Profile: DhpEncounter
Parent: Encounter
Id: dhp-encounter
Title: "DHP Encounter"
Description: "An outpatient visit, emergency visit or admission. Aligns with TW Core and US Core Encounter. 就醫紀錄：門診、急診或住院。"
* identifier MS
* identifier.system 1..1 MS
* identifier.value 1..1 MS
* status MS
* class MS
* type MS
* serviceType MS
* serviceType from NhiDepartment (preferred)
* insert OfPatient(subject)
* participant MS
* participant.type MS
* participant.period MS
* participant.individual MS
* period MS
* period obeys dhp-encounter-period
* reasonCode MS
* reasonReference MS
* diagnosis MS
* diagnosis.condition MS
* diagnosis.use MS
* hospitalization MS
* hospitalization.dischargeDisposition MS
* location MS
* location.location MS
* serviceProvider MS
* obeys dhp-encounter-finished

Invariant: dhp-encounter-period
Severity: #error
Description: "An encounter says when it began. 就醫期間須有開始時間。"
Expression: "start.exists()"

Invariant: dhp-encounter-finished
Severity: #warning
Description: "A finished admission says when it ended. 已結束之住院應有結束時間。"
Expression: "(status = 'finished' and class.where(code = 'IMP').exists()) implies period.end.exists()"

Instance: encounter-outpatient
InstanceOf: DhpEncounter
Usage: #example
Title: "An outpatient visit"
* insert Synthetic
* identifier.system = "https://hospital-a.example/visits"
* identifier.value = "20260502-0001"
* status = #finished
* class = $act#AMB "ambulatory"
* type.text = "門診"
* serviceType = $nhi-department#AF "血液腫瘤科"
* subject = Reference(patient-chen)
* participant.type = $participation#PPRF "primary performer"
* participant.individual = Reference(practitioner-wang)
* period.start = "2026-05-02T09:00:00+08:00"
* period.end = "2026-05-02T09:20:00+08:00"
* reasonReference = Reference(condition-diabetes)
* location.location = Reference(location-clinic)
* serviceProvider = Reference(organization-hospital-a)

Instance: encounter-admission
InstanceOf: DhpEncounter
Usage: #example
Title: "An admission"
* insert Synthetic
* identifier.system = "https://hospital-a.example/visits"
* identifier.value = "I20260510-0007"
* status = #finished
* class = $act#IMP "inpatient encounter"
* type.text = "住院"
* subject = Reference(patient-chen)
* period.start = "2026-05-10T14:00:00+08:00"
* period.end = "2026-05-14T10:00:00+08:00"
* hospitalization.dischargeDisposition = http://terminology.hl7.org/CodeSystem/discharge-disposition#home "Home"
* serviceProvider = Reference(organization-hospital-a)

Instance: bad-encounter-without-start
InstanceOf: Encounter
Usage: #example
Title: "An encounter that ended and never began"
* insert Bad(DhpEncounter, Encounter.period, The period has no start)
* identifier.system = "https://hospital-a.example/visits"
* identifier.value = "20260502-0002"
* status = #finished
* class = $act#AMB
* subject = Reference(patient-chen)
* period.end = "2026-05-02T09:20:00+08:00"

Instance: bad-encounter-of-a-group
InstanceOf: Encounter
Usage: #example
Title: "An encounter of a group"
* insert Bad(DhpEncounter, Encounter.subject, The record of one patient refers to a group)
* identifier.system = "https://hospital-a.example/visits"
* identifier.value = "20260502-0003"
* status = #finished
* class = $act#AMB
* subject.reference = "Group/walk-in"
* period.start = "2026-05-02T09:20:00+08:00"
