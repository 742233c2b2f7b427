// What all files share: names of code systems, and how an example says that it must be refused.
// Aliases and rule sets are seen by every file of this folder.

Alias: $dhp = https://fhir.dhp.tw.example
Alias: $twcore = https://twcore.mohw.gov.tw/ig/twcore
Alias: $loinc = http://loinc.org
Alias: $sct = http://snomed.info/sct
Alias: $ucum = http://unitsofmeasure.org
Alias: $icd10cm = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw
Alias: $icd10pcs = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-pcs-2023-tw
Alias: $nhi-order = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-service-payment-tw
Alias: $nhi-drug = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-nhi-tw
Alias: $nhi-frequency = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-frequency-nhi-tw
Alias: $nhi-route = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-path-tw
Alias: $nhi-department = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-consultation-department-nhi-tw
Alias: $tw-category = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/category-code-tw
Alias: $hospital-code = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/organization-identifier-tw
Alias: $atc = http://www.whocc.no/atc
Alias: $identifier-type = http://terminology.hl7.org/CodeSystem/v2-0203
Alias: $observation-category = http://terminology.hl7.org/CodeSystem/observation-category
Alias: $diagnostic-service = http://terminology.hl7.org/CodeSystem/v2-0074
Alias: $data-absent = http://terminology.hl7.org/CodeSystem/data-absent-reason
Alias: $role = http://terminology.hl7.org/CodeSystem/v3-RoleCode
Alias: $act = http://terminology.hl7.org/CodeSystem/v3-ActCode
Alias: $participation = http://terminology.hl7.org/CodeSystem/v3-ParticipationType
Alias: $provenance-agent = http://terminology.hl7.org/CodeSystem/provenance-participant-type
Alias: $dicom = http://dicom.nema.org/resources/ontology/DCM
Alias: $expected-error = https://fhir.dhp.tw.example/CodeSystem/expected-error

// Synthetic data says so: every example is tagged as test data.
RuleSet: Synthetic
* meta.security = http://terminology.hl7.org/CodeSystem/v3-ActReason#HTEST "test health data"

// An example that must not validate. Its type is the base type and it claims the profile, so that SUSHI makes it and a
// validator refuses it; the tag's code is the FHIRPath expression of the element at which the error is expected.
RuleSet: Bad(profile, expression, why)
* insert Synthetic
* meta.profile = Canonical({profile})
* meta.tag = $expected-error#{expression} "{why}"

CodeSystem: ExpectedError
Id: expected-error
Title: "Expected error"
Description: "Marks an example that must be refused. The code is the FHIRPath expression of the element at which a validator must report an error, the display says why. 標示必須被拒絕的範例：代碼為預期錯誤所在資料元素的 FHIRPath 路徑。"
* ^url = $expected-error
* ^content = #not-present
* ^caseSensitive = true
* ^experimental = true

// An invariant never ends in an empty collection: some validators take that for true and some for false.

// A date of when something was done or seen says at least the day.
Invariant: dhp-day
Severity: #error
Description: "Say at least the day: 2026-05-01, not 2026-05. 時間至少要精確到日。"
Expression: "$this.is(dateTime).not() or toString().matches('^[0-9]{4}(-[0-9]{2})?$').not()"

// Units are UCUM's, so that values can be compared.
Invariant: dhp-ucum
Severity: #error
Description: "A quantity with a coded unit uses UCUM (http://unitsofmeasure.org). 數值的單位代碼須採用 UCUM。"
Expression: "code.exists() implies (system.exists() and system = 'http://unitsofmeasure.org')"

// ICD-10-CM as Taiwan publishes it is written with its dot; claims files leave it out.
Invariant: dhp-icd-10-cm
Severity: #error
Description: "An ICD-10-CM code is written with its dot: C50.911, not C50911. ICD-10-CM 代碼須含小數點。"
Expression: "(system.exists() and code.exists() and (system.matches('^https://twcore[.]mohw[.]gov[.]tw/ig/twcore/CodeSystem/icd-10-cm-20[0-9]{2}-tw$') or system = 'http://hl7.org/fhir/sid/icd-10-cm')) implies code.matches('^[A-Z][0-9][0-9AB]([.][0-9A-Z]{1,4})?$')"

Invariant: dhp-icd-10-pcs
Severity: #error
Description: "An ICD-10-PCS code has seven characters, without I and O. ICD-10-PCS 代碼為七碼，不含字母 I 與 O。"
Expression: "(system.exists() and code.exists() and system.matches('^https://twcore[.]mohw[.]gov[.]tw/ig/twcore/CodeSystem/icd-10-pcs-20[0-9]{2}-tw$')) implies code.matches('^[0-9A-HJ-NP-Z]{7}$')"

Invariant: dhp-nhi-drug
Severity: #error
Description: "An NHI drug code has ten characters: AC24612100. 健保藥品代碼為十碼。"
Expression: "(system.exists() and code.exists() and system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-nhi-tw') implies code.matches('^[A-Z][0-9A-Z]{9}$')"

// The record is about one patient. References say the type and not the profile, so that records of several sources can be mixed.
RuleSet: OfPatient(element)
* {element} 1..1 MS
* {element} only Reference(Patient)

// The category that every record of the profile has, beside others.
RuleSet: CategoryIs(slice, code)
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains {slice} 1..1 MS
* category[{slice}] = {code}
