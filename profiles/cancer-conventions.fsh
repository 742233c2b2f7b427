// What the oncology files share: names of code systems, and what every example of an Observation says.

Alias: $icd10cm-us = http://hl7.org/fhir/sid/icd-10-cm
Alias: $icdo3 = http://terminology.hl7.org/CodeSystem/icd-o-3
Alias: $ajcc = http://cancerstaging.org
Alias: $ncit = http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl
Alias: $condition-clinical = http://terminology.hl7.org/CodeSystem/condition-clinical
Alias: $condition-ver = http://terminology.hl7.org/CodeSystem/condition-ver-status
Alias: $condition-category = http://terminology.hl7.org/CodeSystem/condition-category
Alias: $specimen-type = http://terminology.hl7.org/CodeSystem/v2-0487

RuleSet: ByOncologist(date)
* status = #final
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "{date}"
* performer.display = "林惠敏醫師"

// A base Observation has no slices, so what is meant to be refused says the same in another way.
RuleSet: LaboratorySlice
* category[us-core] = $observation-category#laboratory "Laboratory"

RuleSet: LaboratoryCategory
* category = $observation-category#laboratory "Laboratory"

// A stage is found by the second code, which mCODE's queries ask for. The first is laboratory, since TW Core lets
// Condition.stage.assessment lead to laboratory results and vital signs only.
RuleSet: StageCategory
* category.coding[0] = $observation-category#laboratory "Laboratory"
* category.coding[1] = $sct#385356007 "Tumor stage finding (finding)"

// Cancer codes: ICD-10-CM as the NHI writes it, and the same code in the system that mCODE's value sets enumerate, so that
// `Condition?code:in=` with them finds the record. SNOMED CT may stand beside.
RuleSet: CancerCode
* code.coding 2..*
* code.coding ^slicing.discriminator.type = #value
* code.coding ^slicing.discriminator.path = "system"
* code.coding ^slicing.rules = #open
* code.coding contains icd10cmTW 1..1 MS and icd10cm 1..1 MS and snomed 0..1 MS
* code.coding[icd10cmTW].system 1..1
* code.coding[icd10cmTW].system = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw" (exactly)
* code.coding[icd10cmTW].code 1..1
* code.coding[icd10cmTW].display MS
* code.coding[icd10cm].system 1..1
* code.coding[icd10cm].system = "http://hl7.org/fhir/sid/icd-10-cm" (exactly)
* code.coding[icd10cm].code 1..1
* code.coding[snomed].system 1..1
* code.coding[snomed].system = "http://snomed.info/sct" (exactly)
* code.coding[snomed].code 1..1
* code obeys dhp-cancer-icd-agree

Invariant: dhp-cancer-icd-agree
Description: "Both ICD-10-CM codings carry the same code / 兩個 ICD-10-CM 代碼必須相同"
Severity: #error
Expression: "(coding.where(system = 'http://hl7.org/fhir/sid/icd-10-cm').exists() and coding.where(system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw').exists()) implies coding.where(system = 'http://hl7.org/fhir/sid/icd-10-cm').first().code = coding.where(system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw').first().code"

Invariant: dhp-icd-o-3-topography
Description: "A topography of ICD-O-3 is written as C34.1 / ICD-O-3 部位碼格式應如 C34.1"
Severity: #error
Expression: "coding.where(system = 'http://terminology.hl7.org/CodeSystem/icd-o-3').all(code.matches('^C[0-9]{2}[.][0-9]$'))"

Invariant: dhp-icd-o-3-morphology
Description: "A morphology of ICD-O-3 is written as 8140/3: histology and behaviour / ICD-O-3 形態碼格式應如 8140/3（組織型態／性態）"
Severity: #error
Expression: "coding.where(system = 'http://terminology.hl7.org/CodeSystem/icd-o-3').all(code.matches('^[89][0-9]{3}/[0-9]$'))"

Invariant: dhp-laterality
Description: "A paired site says which side: add the laterality qualifier, or a data-absent-reason when the side is not known / 成對器官必須註明側性；側性不明時以 data-absent-reason 說明"
Severity: #error
Expression: "coding.where(system = 'http://terminology.hl7.org/CodeSystem/icd-o-3' and code.matches('^C(07[.]9|08[.][01]|09[.][0189]|30[.]0|31[.][02]|34[.]|40[.][0-3]|41[.]4|44[.][12367]|47[.][12]|49[.][12]|50[.]|56[.]9|57[.]0|62[.]|63[.][01]|64[.]|65[.]|66[.]|69[.]|74[.])')).exists() implies extension.where(url = 'http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier' or url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason').exists()"
