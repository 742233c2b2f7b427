// A specimen of a tumour or of blood, that markers and genomic tests rest on.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-human-specimen.html

Invariant: dhp-specimen-collected
Description: "The time of collection is told, or why it is not known / 須有採檢時間，或說明缺少原因"
Severity: #error
Expression: "collected.exists() or extension.where(url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason').exists()"

Profile: DhpCancerSpecimen
Parent: mcode-human-specimen
Id: dhp-cancer-specimen
Title: "DHP Cancer Specimen"
Description: "A specimen of a cancer patient: its number in the laboratory, what it is, when and from where it was taken. 癌症病人檢體：檢體編號、種類、採檢時間與部位。"
* accessionIdentifier MS
* subject 1..1
* collection 1..1 MS
* collection obeys dhp-specimen-collected
* collection.collected[x] MS
* collection.bodySite MS
* collection.bodySite obeys dhp-icd-o-3-topography

Instance: specimen-lung
InstanceOf: DhpCancerSpecimen
Usage: #example
Title: "Core biopsy of the lung"
* insert Synthetic
* identifier[bodyStructureIdentifier].use = #usual
* identifier[bodyStructureIdentifier].type = http://hl7.org/fhir/resource-types#BodyStructure
* identifier[bodyStructureIdentifier].system = "https://qinglan.example/tumor"
* identifier[bodyStructureIdentifier].value = "T-2024-0312-1"
* accessionIdentifier.system = "https://qinglan.example/pathology"
* accessionIdentifier.value = "S24-03120"
* status = #available
* type = $specimen-type#TUMOR "Tumor"
* subject.reference = "Patient/cancer-patient-example"
* collection.collectedDateTime = "2024-03-12T10:20:00+08:00"
* collection.bodySite.coding[0] = $icdo3#C34.1 "Upper lobe, lung"
* collection.bodySite.coding[1] = $sct#39607008 "Lung structure (body structure)"
* collection.bodySite.extension[lateralityQualifier].valueCodeableConcept = $sct#24028007 "Right (qualifier value)"

Instance: bad-specimen-collected
InstanceOf: Specimen
Usage: #example
Title: "A specimen of no time"
* insert Bad(DhpCancerSpecimen, Specimen.collection, [[neither a time of collection nor a reason why it is missing]])
* status = #available
* type = $specimen-type#TUMOR "Tumor"
* subject.reference = "Patient/cancer-patient-example"
* collection.bodySite = $icdo3#C34.1 "Upper lobe, lung"
