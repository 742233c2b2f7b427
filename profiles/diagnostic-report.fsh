// https://hl7.org/fhir/R4/diagnosticreport.html

RuleSet: Report
* identifier MS
* basedOn MS
* status MS
* code MS
* insert OfPatient(subject)
* encounter MS
* effective[x] MS
* issued MS
* performer MS
* result MS
* conclusion MS
* presentedForm MS
* obeys dhp-report-final

Invariant: dhp-report-final
Severity: #error
Description: "A final report says what it found: results, a conclusion or the report itself. 最終報告須有結果、結論或報告本文。"
Expression: "status = 'final' implies (result.exists() or conclusion.exists() or conclusionCode.exists() or presentedForm.exists())"

Profile: DhpLaboratoryReport
Parent: DiagnosticReport
Id: dhp-laboratory-report
Title: "DHP Laboratory Report"
Description: "A report of laboratory results. Aligns with TW Core DiagnosticReport and US Core laboratory report. 檢驗報告。"
* insert Report
* insert CategoryIs(laboratory, $diagnostic-service#LAB)
* effective[x] 1..1
* specimen MS

Profile: DhpReport
Parent: DiagnosticReport
Id: dhp-report
Title: "DHP Diagnostic Report"
Description: "A report of imaging, cardiology, pathology or another examination. Aligns with TW Core DiagnosticReport and US Core report and note. 影像、心臟、病理等檢查報告。"
* insert Report
* category 1..* MS
* imagingStudy MS
* media MS
* media.link MS

Instance: laboratory-report-diabetes
InstanceOf: DhpLaboratoryReport
Usage: #example
Title: "A report of one test"
* insert Synthetic
* status = #final
* category[laboratory] = $diagnostic-service#LAB "Laboratory"
* code = $loinc#4548-4
* code.text = "醣化血紅素"
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02T08:10:00+08:00"
* issued = "2026-05-02T11:00:00+08:00"
* performer = Reference(organization-hospital-a)
* result = Reference(laboratory-result-hba1c)
* specimen = Reference(specimen-blood)

Instance: report-chest-ct
InstanceOf: DhpReport
Usage: #example
Title: "A report of a computed tomography"
* insert Synthetic
* status = #final
* category = $loinc#LP29684-5 "Radiology"
* code = $loinc#24627-2 "CT Chest"
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-11T15:00:00+08:00"
* issued = "2026-05-11T17:30:00+08:00"
* performer = Reference(practitioner-wang)
* imagingStudy = Reference(imaging-study-chest-ct)
* conclusion = "肺部未見明顯病灶。"

Instance: bad-laboratory-report-empty
InstanceOf: DiagnosticReport
Usage: #example
Title: "A final report that says nothing"
* insert Bad(DhpLaboratoryReport, DiagnosticReport, Neither result nor conclusion)
* status = #final
* category = $diagnostic-service#LAB
* code = $loinc#4548-4
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
