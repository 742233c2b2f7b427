// https://hl7.org/fhir/R4/location.html

Profile: DhpLocation
Parent: Location
Id: dhp-location
Title: "DHP Location"
Description: "Where care is given: a clinic, ward or room. Aligns with TW Core and US Core Location. 提供照護之地點。"
* status MS
* name 1..1 MS
* type MS
* insert Telecom
* insert TaiwanAddress
* managingOrganization MS

Instance: location-clinic
InstanceOf: DhpLocation
Usage: #example
Title: "An oncology clinic"
* insert Synthetic
* status = #active
* name = "測試醫院甲 血液腫瘤科門診"
* address.text = "臺北市中正區測試路一段1號"
* address.postalCode = "100"
* address.country = "TW"
* managingOrganization = Reference(organization-hospital-a)

Instance: bad-location-postal-code
InstanceOf: Location
Usage: #example
Title: "A postal code with letters"
* insert Bad(DhpLocation, Location.address, A postal code of Taiwan has digits only)
* name = "測試醫院甲"
* address.postalCode = "10O"
* address.country = "TW"
