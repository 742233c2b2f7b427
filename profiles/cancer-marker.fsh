// Tumour markers: receptors, proliferation, mutations, proteins in serum.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tumor-marker-test.html

CodeSystem: TumorMarker
Id: tumor-marker
Title: "Tumor markers without an enumerated code"
Description: "Tests that Taiwan reports and for which mCODE's list of LOINC codes has no entry. mCODE 之 LOINC 清單未列、國內常用之腫瘤標記檢驗。"
* ^caseSensitive = true
* ^experimental = false
* #ki-67 "Ki-67 positive cells in tissue by immune stain" "Share of cells, in percent. Ki-67 陽性細胞百分比。"
* #pd-l1-tps "PD-L1 tumor proportion score in tissue by immune stain" "Share of tumour cells, in percent. PD-L1 腫瘤比例分數。"
* #pd-l1-cps "PD-L1 combined positive score in tissue by immune stain" "A score from 0 to 100. PD-L1 綜合陽性分數。"
* #egfr-mutation "EGFR gene mutations found" "EGFR 基因突變檢測。"
* #braf-mutation "BRAF gene mutations found" "BRAF 基因突變檢測。"
* #mmr-ihc "Mismatch repair proteins by immune stain" "錯配修復蛋白免疫染色。"
* #afp "Alpha-fetoprotein in serum" "甲型胎兒蛋白；LOINC 1834-1 可並列。"

ValueSet: TumorMarkerTests
Id: tumor-marker-tests
Title: "Tumor marker tests"
Description: "mCODE's tests and those of the NHI that it has no code for. mCODE 腫瘤標記檢驗，加上國內補充代碼。"
* ^experimental = false
* include codes from valueset http://hl7.org/fhir/us/mcode/ValueSet/mcode-tumor-marker-test-vs
* include codes from system TumorMarker
* $loinc#48676-1 "HER2 [Interpretation] in Tissue"
* $loinc#85337-4 "Estrogen receptor Ag [Presence] in Breast cancer specimen by Immune stain"
* $loinc#85339-0 "Progesterone receptor Ag [Presence] in Breast cancer specimen by Immune stain"
* $loinc#1834-1 "Alpha-1-Fetoprotein [Mass/volume] in Serum or Plasma"

Invariant: dhp-marker-percent
Description: "A percentage is between 0 and 100 / 百分比須介於 0 與 100"
Severity: #error
Expression: "(code = '%') implies (value >= 0 and value <= 100)"

Invariant: dhp-marker-not-negative
Description: "A concentration or a share is not negative / 數值不可為負"
Severity: #error
Expression: "value.empty() or value >= 0"

Profile: DhpTumorMarkerTest
Parent: mcode-tumor-marker-test
Id: dhp-tumor-marker-test
Title: "DHP Tumor Marker Test"
Description: "A tumour marker of a specimen: ER, PR, HER2, Ki-67, EGFR, ALK, PD-L1, AFP, CEA, KRAS, NRAS, BRAF, MSI and others. 腫瘤標記檢驗結果；健保醫令碼可與 LOINC 並列。"
* extension[relatedCondition] MS
* code from TumorMarkerTests (extensible)
* effective[x] 1..1 MS
* valueQuantity obeys dhp-marker-percent and dhp-marker-not-negative
* interpretation MS

Instance: marker-er
InstanceOf: DhpTumorMarkerTest
Usage: #example
Title: "Estrogen receptor 90 %"
* insert Synthetic
* insert ByOncologist(2024-04-02)
* insert LaboratorySlice
* code = $loinc#85329-1 "Cells.estrogen receptor/100 cells in Breast cancer specimen by Immune stain"
* valueQuantity = 90 '%' "%"
* interpretation = http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation#POS

Instance: marker-cea
InstanceOf: DhpTumorMarkerTest
Usage: #example
Title: "CEA 12.6 ng/mL"
* insert Synthetic
* insert ByOncologist(2024-03-12)
* insert LaboratorySlice
* code = $loinc#2039-6 "Carcinoembryonic Ag [Mass/volume] in Serum or Plasma"
* valueQuantity = 12.6 'ng/mL' "ng/mL"
* interpretation = http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation#H

Instance: marker-msi
InstanceOf: DhpTumorMarkerTest
Usage: #example
Title: "Microsatellite instability, high"
* insert Synthetic
* insert ByOncologist(2024-06-10)
* insert LaboratorySlice
* code = $loinc#81695-9 "Microsatellite instability [Interpretation] in Cancer specimen Qualitative"
* valueCodeableConcept = $loinc#LA26203-2 "MSI-H"

Instance: bad-marker-percent
InstanceOf: Observation
Usage: #example
Title: "A share of 120 %"
* insert Bad(DhpTumorMarkerTest, Observation.value.ofType(Quantity\), [[120 % of cells]])
* insert ByOncologist(2024-04-02)
* insert LaboratoryCategory
* code = $loinc#85329-1 "Cells.estrogen receptor/100 cells in Breast cancer specimen by Immune stain"
* valueQuantity = 120 '%' "%"

Instance: bad-marker-value
InstanceOf: Observation
Usage: #example
Title: "A marker without value"
* insert Bad(DhpTumorMarkerTest, Observation, [[the result itself is missing]])
* insert ByOncologist(2024-04-02)
* insert LaboratoryCategory
* code = $loinc#2039-6 "Carcinoembryonic Ag [Mass/volume] in Serum or Plasma"
