// All of one patient's cancer record in a Bundle, and the group of all cancer patients.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-patient-bundle.html

Invariant: dhp-one-patient
Description: "The bundle is about one patient / 整份 Bundle 僅限一位病人"
Severity: #error
Expression: "entry.resource.ofType(Patient).count() = 1"

Invariant: dhp-stage-one-edition
Description: "A stage group and its categories in the bundle are of one edition of AJCC / 期別與其 T、N、M 須為同一 AJCC 版次"
Severity: #warning
Expression: "entry.resource.ofType(Observation).where(hasMember.exists() and code.coding.exists(code = '21908-9' or code = '21902-2' or code = '399537006' or code = '399588009')).all(hasMember.resolve().ofType(Observation).method.coding.code.distinct().subsetOf($this.method.coding.code))"

Profile: DhpCancerPatientBundle
Parent: mcode-patient-bundle
Id: dhp-cancer-patient-bundle
Title: "DHP Cancer Patient Bundle"
Description: "What $mcode-everything returns: a collection with the patient and all of the cancer record. $mcode-everything 之回應：病人與其癌症紀錄之集合。"
* obeys dhp-one-patient and dhp-stage-one-edition
* timestamp 1..1 MS

Profile: DhpCancerPatientGroup
Parent: mcode-patient-group
Id: dhp-cancer-patient-group
Title: "DHP Cancer Patient Group"
Description: "All patients of a server that have cancer. 伺服器上所有癌症病人之群組。"
* type = #person
* actual = true
* code 1..1
* quantity MS
* member MS

Instance: cancer-patient-bundle-example
InstanceOf: DhpCancerPatientBundle
Usage: #example
Title: "A small cancer record"
* meta.security = http://terminology.hl7.org/CodeSystem/v3-ActReason#HTEST "test health data"
* type = #collection
* timestamp = "2024-04-01T09:00:00+08:00"
* entry[cancerPatient].fullUrl = "https://fhir.dhp.tw.example/Patient/cancer-patient-example"
* entry[cancerPatient].resource = cancer-patient-example
* entry[mcodeConditions].fullUrl = "https://fhir.dhp.tw.example/Condition/primary-cancer-lung"
* entry[mcodeConditions].resource = primary-cancer-lung

Instance: cancer-patient-group-example
InstanceOf: DhpCancerPatientGroup
Usage: #example
Title: "All cancer patients"
* insert Synthetic
* type = #person
* actual = true
* active = true
* code = $ncit#C19700 "Cancer Patient"
* quantity = 1
* member.entity.reference = "Patient/cancer-patient-example"

Instance: bad-cancer-patient-bundle-type
InstanceOf: Bundle
Usage: #example
Title: "A searchset called a patient bundle"
* insert Bad(DhpCancerPatientBundle, Bundle.type, [[the bundle must be a collection]])
* type = #searchset
* timestamp = "2024-04-01T09:00:00+08:00"
* entry[0].fullUrl = "https://fhir.dhp.tw.example/Patient/cancer-patient-example"
* entry[0].resource = cancer-patient-example

Instance: bad-cancer-patient-group-code
InstanceOf: Group
Usage: #example
Title: "A group of something else"
* insert Bad(DhpCancerPatientGroup, Group.code, [[the code must be NCIt C19700]])
* type = #person
* actual = true
* code.text = "癌症病人"
