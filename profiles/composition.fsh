// https://hl7.org/fhir/R4/composition.html

Profile: DhpComposition
Parent: Composition
Id: dhp-composition
Title: "DHP Composition"
Description: "The first part of a document: what it is, of whom, by whom, in sections. Aligns with TW Core Composition. 文件的架構：類型、病人、作者與章節。"
* identifier MS
* status MS
* type MS
* insert OfPatient(subject)
* encounter MS
* date MS
* date obeys dhp-day
* author MS
* title MS
* attester MS
* custodian MS
* section 1..* MS
* section.title 1..1 MS
* section.code MS
* section.text MS
* section.entry MS

Instance: composition-discharge
InstanceOf: DhpComposition
Usage: #example
Title: "A discharge summary"
* insert Synthetic
* status = #final
* type = $loinc#18842-5 "Discharge summary"
* subject = Reference(patient-chen)
* encounter = Reference(encounter-admission)
* date = "2026-05-14T10:00:00+08:00"
* author = Reference(practitioner-wang)
* title = "出院病摘"
* custodian = Reference(organization-hospital-a)
* section[+].title = "出院診斷"
* section[=].code = $loinc#11535-2 "Hospital discharge Dx"
* section[=].entry = Reference(condition-diabetes)
* section[+].title = "住院治療經過"
* section[=].code = $loinc#8648-8 "Hospital course"
* section[=].text.status = #generated
* section[=].text.div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">住院期間接受大腸鏡檢查，結果正常。</div>"

Instance: bad-composition-date
InstanceOf: Composition
Usage: #example
Title: "A document of some day in May"
* insert Bad(DhpComposition, Composition.date, The day is missing)
* status = #final
* type = $loinc#18842-5
* subject = Reference(patient-chen)
* date = "2026-05"
* author = Reference(practitioner-wang)
* title = "出院病摘"
* section.title = "出院診斷"
* section.entry = Reference(condition-diabetes)
