// Genomics: variants, the regions that were looked at, and the report.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-genomic-variant.html

Invariant: dhp-variant-fraction
Description: "An allelic frequency is between 0 and 1; 35 % is 0.35 / 對偶基因頻率介於 0 與 1，35 % 請寫 0.35"
Severity: #error
Expression: "value >= 0 and value <= 1"

Invariant: dhp-coding-hgvs
Description: "A coding change is written with its transcript, as NM_005228.5:c.2573T>G / 編碼變異須含轉錄本，格式如 NM_005228.5:c.2573T>G"
Severity: #error
Expression: "coding.where(system = 'http://varnomen.hgvs.org').all(code.matches('^(NM|NR|ENST|LRG)_?[0-9A-Za-z.]+([(][A-Za-z0-9-]+[)])?:[cn][.].+$'))"

Invariant: dhp-variant-described
Description: "A variant that was found is described by HGVS, a cytogenetic location or a copy number / 檢出之變異須以 HGVS、細胞遺傳位置或拷貝數描述"
Severity: #error
Expression: "value.ofType(CodeableConcept).coding.where(code = 'LA9633-4').exists() implies component.code.coding.where(system = 'http://loinc.org' and (code in ('48004-6' | '81290-9' | '48005-3' | '48001-2' | '82155-3' | '81291-7' | '81252-9'))).exists()"

Profile: DhpGenomicVariant
Parent: mcode-genomic-variant
Id: dhp-genomic-variant
Title: "DHP Genomic Variant"
Description: "A variant found by sequencing: gene, HGVS, source and allelic frequency, as the NHI asks for in NGS reports. 基因變異：基因、HGVS、來源與對偶基因頻率，對應健保 NGS 檢測結果上傳欄位。"
* obeys dhp-variant-described
* subject 1..1
* specimen MS
* method MS
* component[gene-studied] 1..* MS
* component[coding-hgvs] MS
* component[coding-hgvs].value[x] obeys dhp-coding-hgvs
* component[protein-hgvs] MS
* component[sample-allelic-frequency] MS
* component[sample-allelic-frequency].value[x] obeys dhp-variant-fraction
* component[genomic-source-class] MS

Profile: DhpGenomicRegionStudied
Parent: mcode-genomic-region-studied
Id: dhp-genomic-region-studied
Title: "DHP Genomic Region Studied"
Description: "A gene or region that was looked at, whatever was found. 檢測涵蓋之基因或區域。"
* component 1..*

Profile: DhpGenomicsReport
Parent: mcode-genomics-report
Id: dhp-genomics-report
Title: "DHP Genomics Report"
Description: "A report of a genomic test with its specimen and results. 基因檢測報告。"
* subject 1..1
* effective[x] 1..1
* issued 1..1
* result 1..* MS
* conclusion MS

Instance: variant-egfr-l858r
InstanceOf: DhpGenomicVariant
Usage: #example
Title: "EGFR L858R"
* insert Synthetic
* status = #final
* category[labCategory] = $observation-category#laboratory
* code = $loinc#69548-6
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "2024-03-25"
* valueCodeableConcept = $loinc#LA9633-4 "Present"
* method = $loinc#LA26398-0 "Sequencing"
* specimen.reference = "Specimen/specimen-lung"
* component[gene-studied].code = $loinc#48018-6
* component[gene-studied].valueCodeableConcept = http://www.genenames.org#HGNC:3236 "EGFR"
* component[coding-hgvs].code = $loinc#48004-6
* component[coding-hgvs].valueCodeableConcept = http://varnomen.hgvs.org#NM_005228.5:c.2573T>G
* component[protein-hgvs].code = $loinc#48005-3
* component[protein-hgvs].valueCodeableConcept = http://varnomen.hgvs.org#NP_005219.2:p.(Leu858Arg\)
* component[genomic-source-class].code = $loinc#48002-0
* component[genomic-source-class].valueCodeableConcept = $loinc#LA6684-0 "Somatic"
* component[sample-allelic-frequency].code = $loinc#81258-6
* component[sample-allelic-frequency].valueQuantity = 0.35 '1' "relative frequency of a particular allele in the specimen"

Instance: region-egfr
InstanceOf: DhpGenomicRegionStudied
Usage: #example
Title: "EGFR studied"
* insert Synthetic
* status = #final
* category[labCategory] = $observation-category#laboratory
* code = $loinc#53041-0
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "2024-03-25"
* component[gene-studied].code = $loinc#48018-6
* component[gene-studied].valueCodeableConcept = http://www.genenames.org#HGNC:3236 "EGFR"

Instance: genomics-report-lung
InstanceOf: DhpGenomicsReport
Usage: #example
Title: "NGS report"
* insert Synthetic
* status = #final
* category[Genetics].coding = http://terminology.hl7.org/CodeSystem/v2-0074#GE
* code.coding[0] = $loinc#51969-4 "Genetic analysis report"
* code.coding[1] = $nhi-order#30303B "實體腫瘤次世代基因定序－大套組(>100個基因)"
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "2024-03-25"
* issued = "2024-03-26T09:00:00+08:00"
* specimen.reference = "Specimen/specimen-lung"
* result[variant].reference = "Observation/variant-egfr-l858r"
* result[region-studied].reference = "Observation/region-egfr"
* conclusion = "檢出 EGFR L858R 變異，對偶基因頻率 35%。"

Instance: bad-variant-percent
InstanceOf: Observation
Usage: #example
Title: "A frequency in percent"
* insert Bad(DhpGenomicVariant, [[Observation.component[1].value.ofType(Quantity)]], [[35 instead of 0.35]])
* status = #final
* category = $observation-category#laboratory
* code = $loinc#69548-6
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "2024-03-25"
* valueCodeableConcept = $loinc#LA9633-4 "Present"
* component[0].code = $loinc#48018-6
* component[0].valueCodeableConcept = http://www.genenames.org#HGNC:3236 "EGFR"
* component[1].code = $loinc#81258-6
* component[1].valueQuantity = 35 '1' "1"
* component[2].code = $loinc#48004-6
* component[2].valueCodeableConcept = http://varnomen.hgvs.org#NM_005228.5:c.2573T>G

Instance: bad-variant-undescribed
InstanceOf: Observation
Usage: #example
Title: "A variant that nobody can name"
* insert Bad(DhpGenomicVariant, Observation, [[present, but neither HGVS nor place]])
* status = #final
* category = $observation-category#laboratory
* code = $loinc#69548-6
* subject.reference = "Patient/cancer-patient-example"
* effectiveDateTime = "2024-03-25"
* valueCodeableConcept = $loinc#LA9633-4 "Present"
* component[0].code = $loinc#48018-6
* component[0].valueCodeableConcept = http://www.genenames.org#HGNC:3236 "EGFR"
