// https://hl7.org/fhir/R4/careplan.html

Profile: DhpCarePlan
Parent: CarePlan
Id: dhp-care-plan
Title: "DHP Care Plan"
Description: "Assessment and plan of treatment. Aligns with TW Core and US Core CarePlan. 評估與治療計畫。"
* text 1..1 MS
* text.status MS
* text.div MS
* status MS
* intent MS
* insert CategoryIs(assessPlan, https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/careplan-category-tw#assess-plan)
* insert OfPatient(subject)
* period MS
* careTeam MS
* addresses MS
* goal MS
* activity MS

Instance: care-plan-diabetes
InstanceOf: DhpCarePlan
Usage: #example
Title: "A plan for diabetes"
* insert Synthetic
* text.status = #additional
* text.div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">飲食控制，每三個月追蹤醣化血紅素。</div>"
* status = #active
* intent = #plan
* category[assessPlan].coding[0] = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/careplan-category-tw#assess-plan
* category[assessPlan].coding[1] = http://hl7.org/fhir/us/core/CodeSystem/careplan-category#assess-plan
* subject = Reference(patient-chen)
* period.start = "2026-05-02"
* careTeam = Reference(care-team-diabetes)
* addresses = Reference(condition-diabetes)
* goal = Reference(goal-hba1c)

Instance: bad-care-plan-group
InstanceOf: CarePlan
Usage: #example
Title: "A plan for a group"
* insert Bad(DhpCarePlan, CarePlan.subject, The subject is a patient)
* text.status = #additional
* text.div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">衛教</div>"
* status = #active
* intent = #plan
* category = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/careplan-category-tw#assess-plan
* subject.reference = "Group/diabetes-club"
