// What a pathology report of a resected cancer counts: nodes, margins, invasion. The codes are the cancer registry's.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tumor-morphology.html

ValueSet: CancerPathologyFindings
Id: cancer-pathology-findings
Title: "Findings of cancer pathology"
Description: "LOINC codes that the Taiwan cancer registry uses for what is counted in a resected specimen. 癌症登記病理欄位之 LOINC 代碼。"
* ^experimental = false
* $loinc#21894-1
* $loinc#21893-3
* $loinc#21939-4
* $loinc#81184-4
* $loinc#59544-7
* $loinc#92837-4

Invariant: dhp-node-count
Description: "A number of lymph nodes is a whole number from 0 / 淋巴結數目須為 0 以上之整數"
Severity: #error
Expression: "code.coding.where(system = 'http://loinc.org' and (code = '21894-1' or code = '21893-3')).exists() implies (value.ofType(integer).exists() and value.ofType(integer) >= 0)"

Profile: DhpCancerPathologyFinding
Parent: Observation
Id: dhp-cancer-pathology-finding
Title: "DHP Cancer Pathology Finding"
Description: "Nodes examined and positive, margins, lymphovascular and perineural invasion. 檢查及陽性淋巴結數、切緣、淋巴血管與神經侵犯，對應癌症登記 2.14、2.15 等欄。"
* obeys dhp-node-count
* extension contains http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition named relatedCondition 0..* MS
* status MS
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains laboratory 1..1 MS
* category[laboratory] = $observation-category#laboratory
* code from CancerPathologyFindings (required)
* subject 1..1 MS
* effective[x] 1..1 MS
* value[x] 1..1 MS
* value[x] only integer or CodeableConcept or Quantity
* specimen MS

Instance: nodes-examined
InstanceOf: DhpCancerPathologyFinding
Usage: #example
Title: "14 nodes examined"
* insert Synthetic
* insert ByOncologist(2024-04-10)
* category[laboratory] = $observation-category#laboratory
* code = $loinc#21894-1
* code.text = "檢查淋巴結數 Regional lymph nodes examined"
* valueInteger = 14
* specimen.reference = "Specimen/specimen-lung"

Instance: nodes-positive
InstanceOf: DhpCancerPathologyFinding
Usage: #example
Title: "2 nodes positive"
* insert Synthetic
* insert ByOncologist(2024-04-10)
* category[laboratory] = $observation-category#laboratory
* code = $loinc#21893-3
* code.text = "陽性淋巴結數 Regional lymph nodes positive"
* valueInteger = 2
* specimen.reference = "Specimen/specimen-lung"

Instance: bad-nodes-words
InstanceOf: Observation
Usage: #example
Title: "A number of nodes in words"
* insert Bad(DhpCancerPathologyFinding, Observation, [[the number of nodes is a text]])
* insert ByOncologist(2024-04-10)
* insert LaboratoryCategory
* code = $loinc#21894-1
* valueCodeableConcept.text = "十四顆"
