// https://hl7.org/fhir/R4/careteam.html

Profile: DhpCareTeam
Parent: CareTeam
Id: dhp-care-team
Title: "DHP Care Team"
Description: "Those who care for a patient, with their roles. Aligns with TW Core and US Core CareTeam. 照護團隊。"
* status MS
* insert OfPatient(subject)
* participant 1..* MS
* participant.role 1..1 MS
* participant.member 1..1 MS
* managingOrganization MS

Instance: care-team-diabetes
InstanceOf: DhpCareTeam
Usage: #example
Title: "A team of a physician and a daughter"
* insert Synthetic
* status = #active
* subject = Reference(patient-chen)
* participant[+].role = $sct#309343006 "Physician"
* participant[=].member = Reference(practitioner-wang)
* participant[+].role = $sct#133932002 "Caregiver"
* participant[=].member = Reference(related-person-daughter)

Instance: bad-care-team-role
InstanceOf: CareTeam
Usage: #example
Title: "A member with two roles in one place"
* insert Bad(DhpCareTeam, CareTeam.participant[0], A participant has one role)
* status = #active
* subject = Reference(patient-chen)
* participant.role[0].text = "主治醫師"
* participant.role[1].text = "個案管理師"
* participant.member = Reference(practitioner-wang)
