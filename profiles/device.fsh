// https://hl7.org/fhir/R4/device.html

Profile: DhpDevice
Parent: Device
Id: dhp-device
Title: "DHP Device"
Description: "A device in or of a patient, with its unique device identifier. Aligns with TW Core Device and US Core implantable device. 植入或使用之醫療器材。"
* identifier MS
* udiCarrier 0..1 MS
* udiCarrier.deviceIdentifier 1..1 MS
* udiCarrier.carrierHRF MS
* status MS
* distinctIdentifier MS
* manufacturer MS
* manufactureDate MS
* expirationDate MS
* lotNumber MS
* serialNumber MS
* type 1..1 MS
* patient 1..1 MS
* patient only Reference(Patient)

Instance: device-pacemaker
InstanceOf: DhpDevice
Usage: #example
Title: "A pacemaker"
* insert Synthetic
* udiCarrier.deviceIdentifier = "00000000000000"
* udiCarrier.carrierHRF = "(01)00000000000000(17)300101(21)TEST-1"
* status = #active
* expirationDate = "2030-01-01"
* serialNumber = "TEST-1"
* type = $sct#14106009 "Cardiac pacemaker"
* type.text = "心律調節器"
* patient = Reference(patient-chen)

Instance: bad-device-two-carriers
InstanceOf: Device
Usage: #example
Title: "A device with two identifiers of its kind"
* insert Bad(DhpDevice, Device, A device has one UDI)
* udiCarrier[0].deviceIdentifier = "00000000000000"
* udiCarrier[1].deviceIdentifier = "00000000000001"
* type.text = "心律調節器"
* patient = Reference(patient-chen)
