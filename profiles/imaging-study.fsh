// https://hl7.org/fhir/R4/imagingstudy.html

Profile: DhpImagingStudy
Parent: ImagingStudy
Id: dhp-imaging-study
Title: "DHP Imaging Study"
Description: "A DICOM study: what was imaged, when, where its series are. Aligns with TW Core ImagingStudy. 影像檢查（DICOM）。"
* identifier MS
* status MS
* modality MS
* insert OfPatient(subject)
* encounter MS
* started MS
* basedOn MS
* endpoint MS
* procedureCode MS
* procedureCode.coding obeys dhp-icd-10-pcs
* reasonCode MS
* series MS
* series.uid MS
* series.uid obeys dhp-dicom-uid
* series.modality MS
* series.bodySite MS
* series.instance MS
* series.instance.uid MS
* series.instance.uid obeys dhp-dicom-uid
* series.instance.sopClass MS

Invariant: dhp-dicom-uid
Severity: #error
Description: "A DICOM UID is numbers and dots, without leading zeros, at most 64 characters. DICOM UID 為數字與點，不含前導零，至多 64 字元。"
Expression: "matches('^[0-2]([.](0|[1-9][0-9]*))+$') and length() <= 64"

Instance: imaging-study-chest-ct
InstanceOf: DhpImagingStudy
Usage: #example
Title: "A computed tomography of the chest"
* insert Synthetic
* identifier.system = "urn:dicom:uid"
* identifier.value = "urn:oid:2.25.100000000000000000000000000000000001"
* status = #available
* modality = $dicom#CT
* subject = Reference(patient-chen)
* started = "2026-05-11T14:50:00+08:00"
* series.uid = "2.25.100000000000000000000000000000000002"
* series.modality = $dicom#CT
* series.instance.uid = "2.25.100000000000000000000000000000000003"
* series.instance.sopClass = urn:ietf:rfc:3986#urn:oid:1.2.840.10008.5.1.4.1.1.2

Instance: bad-imaging-study-uid
InstanceOf: ImagingStudy
Usage: #example
Title: "A series whose UID is an accession number"
* insert Bad(DhpImagingStudy, ImagingStudy.series[0].uid, A UID is numbers and dots)
* status = #available
* subject = Reference(patient-chen)
* series.uid = "ACC20260511"
* series.modality = $dicom#CT
