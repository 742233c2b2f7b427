// What a server of the platform does: the searches of US Core 6.1.0 and TW Core, the formats, the security.
// https://hl7.org/fhir/R4/capabilitystatement.html

Alias: $expectation = http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation
Alias: $combination = http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination

RuleSet: Interaction(code, expectation)
* rest.resource[=].interaction[+].code = #{code}
* rest.resource[=].interaction[=].extension.url = $expectation
* rest.resource[=].interaction[=].extension.valueCode = #{expectation}

RuleSet: ResourceType(type, create)
* rest.resource[+].type = #{type}
* insert Interaction(search-type, SHALL)
* insert Interaction(read, SHALL)
* insert Interaction(create, {create})
* insert Interaction(update, SHOULD)
* insert Interaction(vread, SHOULD)
* insert Interaction(history-instance, SHOULD)
* insert Interaction(delete, MAY)
* insert Interaction(patch, MAY)
* rest.resource[=].versioning = #versioned
* rest.resource[=].referencePolicy = #resolves

RuleSet: Supports(profile)
* rest.resource[=].supportedProfile[+] = Canonical({profile})

RuleSet: Search(name, type, definition, expectation)
* rest.resource[=].searchParam[+].name = "{name}"
* rest.resource[=].searchParam[=].type = #{type}
* rest.resource[=].searchParam[=].definition = "{definition}"
* rest.resource[=].searchParam[=].extension.url = $expectation
* rest.resource[=].searchParam[=].extension.valueCode = #{expectation}

RuleSet: Together2(expectation, one, two)
* rest.resource[=].extension[+].url = $combination
* rest.resource[=].extension[=].extension[+].url = $expectation
* rest.resource[=].extension[=].extension[=].valueCode = #{expectation}
* rest.resource[=].extension[=].extension[+].url = "required"
* rest.resource[=].extension[=].extension[=].valueString = "{one}"
* rest.resource[=].extension[=].extension[+].url = "required"
* rest.resource[=].extension[=].extension[=].valueString = "{two}"

RuleSet: Together3(expectation, one, two, three)
* insert Together2({expectation}, {one}, {two})
* rest.resource[=].extension[=].extension[+].url = "required"
* rest.resource[=].extension[=].extension[=].valueString = "{three}"

RuleSet: Together4(expectation, one, two, three, four)
* insert Together3({expectation}, {one}, {two}, {three})
* rest.resource[=].extension[=].extension[+].url = "required"
* rest.resource[=].extension[=].extension[=].valueString = "{four}"

Instance: dhp-server
InstanceOf: CapabilityStatement
Usage: #definition
Title: "DHP server"
* url = "https://fhir.dhp.tw.example/CapabilityStatement/dhp-server"
* name = "DhpServer"
* title = "DHP server"
* status = #active
* experimental = false
* date = "2026-11-22"
* description = "What a server of the platform must do (SHALL) and should do (SHOULD). 平台伺服器之必要與建議能力。"
* kind = #requirements
* fhirVersion = #4.0.1
* format[0] = #json
* format[0].extension.url = $expectation
* format[0].extension.valueCode = #SHALL
* format[1] = #xml
* format[1].extension.url = $expectation
* format[1].extension.valueCode = #SHOULD
* rest.mode = #server
* rest.security.service = http://terminology.hl7.org/CodeSystem/restful-security-service#SMART-on-FHIR
* rest.security.description = "Requests without a valid token are refused with 401, those beyond the token's scopes with 403 or 404. 未授權之請求以 401、403 或 404 拒絕。"
* rest.interaction[+].code = #transaction
* rest.interaction[=].extension.url = $expectation
* rest.interaction[=].extension.valueCode = #SHOULD
* rest.interaction[+].code = #batch
* rest.interaction[=].extension.url = $expectation
* rest.interaction[=].extension.valueCode = #SHOULD

* insert ResourceType(AllergyIntolerance, SHOULD)
* insert Supports(DhpAllergyIntolerance)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(clinical-status, token, http://hl7.org/fhir/SearchParameter/AllergyIntolerance-clinical-status, SHOULD)
* insert Together2(SHOULD, patient, clinical-status)

* insert ResourceType(CarePlan, SHOULD)
* insert Supports(DhpCarePlan)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(category, token, http://hl7.org/fhir/SearchParameter/CarePlan-category, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/CarePlan-status, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/clinical-date, SHOULD)
* insert Together2(SHALL, patient, category)
* insert Together3(SHOULD, patient, category, status)
* insert Together4(SHOULD, patient, category, status, date)
* insert Together3(SHOULD, patient, category, date)

* insert ResourceType(CareTeam, SHOULD)
* insert Supports(DhpCareTeam)
* rest.resource[=].searchInclude[+] = "CareTeam:participant"
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/CareTeam-status, SHOULD)
* insert Search(role, token, https://fhir.dhp.tw.example/SearchParameter/dhp-CareTeam-role, SHOULD)
* insert Together2(SHALL, patient, status)
* insert Together2(SHOULD, patient, role)

* insert ResourceType(Composition, SHOULD)
* insert Supports(DhpComposition)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/Composition-subject, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Composition-status, SHOULD)
* insert Search(type, token, http://hl7.org/fhir/SearchParameter/clinical-type, SHOULD)

* insert ResourceType(Condition, SHOULD)
* insert Supports(DhpCondition)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/Condition-subject, SHOULD)
* insert Search(category, token, http://hl7.org/fhir/SearchParameter/Condition-category, SHOULD)
* insert Search(clinical-status, token, http://hl7.org/fhir/SearchParameter/Condition-clinical-status, SHOULD)
* insert Search(code, token, http://hl7.org/fhir/SearchParameter/clinical-code, SHOULD)
* insert Search(encounter, reference, http://hl7.org/fhir/SearchParameter/Condition-encounter, SHOULD)
* insert Search(onset-date, date, http://hl7.org/fhir/SearchParameter/Condition-onset-date, SHOULD)
* insert Search(abatement-date, date, http://hl7.org/fhir/SearchParameter/Condition-abatement-date, SHOULD)
* insert Search(recorded-date, date, http://hl7.org/fhir/SearchParameter/Condition-recorded-date, SHOULD)
* insert Search(asserted-date, date, https://fhir.dhp.tw.example/SearchParameter/dhp-Condition-asserted-date, SHOULD)
* insert Search(severity, token, http://hl7.org/fhir/SearchParameter/Condition-severity, SHOULD)
* insert Together2(SHALL, patient, category)
* insert Together2(SHOULD, patient, recorded-date)
* insert Together2(SHOULD, patient, asserted-date)
* insert Together3(SHOULD, patient, category, clinical-status)
* insert Together2(SHOULD, patient, onset-date)
* insert Together2(SHOULD, patient, abatement-date)
* insert Together2(SHOULD, patient, clinical-status)
* insert Together3(SHOULD, patient, category, encounter)
* insert Together2(SHOULD, patient, code)

* insert ResourceType(Coverage, SHOULD)
* insert Supports(DhpCoverage)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/Coverage-patient, SHALL)

* insert ResourceType(Device, SHOULD)
* insert Supports(DhpDevice)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/Device-patient, SHALL)
* insert Search(type, token, http://hl7.org/fhir/SearchParameter/Device-type, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Device-status, SHOULD)
* insert Together2(SHOULD, patient, type)
* insert Together2(SHOULD, patient, status)

* insert ResourceType(DiagnosticReport, SHALL)
* insert Supports(DhpLaboratoryReport)
* insert Supports(DhpReport)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/DiagnosticReport-subject, SHOULD)
* insert Search(category, token, http://hl7.org/fhir/SearchParameter/DiagnosticReport-category, SHOULD)
* insert Search(code, token, http://hl7.org/fhir/SearchParameter/clinical-code, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/clinical-date, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/DiagnosticReport-status, SHOULD)
* insert Together3(SHALL, patient, category, date)
* insert Together2(SHALL, patient, category)
* insert Together2(SHALL, patient, code)
* insert Together3(SHOULD, patient, code, date)
* insert Together2(SHOULD, patient, status)

* insert ResourceType(DocumentReference, SHALL)
* insert Supports(DhpDocumentReference)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/DocumentReference-subject, SHOULD)
* insert Search(category, token, http://hl7.org/fhir/SearchParameter/DocumentReference-category, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/DocumentReference-date, SHOULD)
* insert Search(period, date, http://hl7.org/fhir/SearchParameter/DocumentReference-period, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/DocumentReference-status, SHOULD)
* insert Search(type, token, http://hl7.org/fhir/SearchParameter/clinical-type, SHOULD)
* insert Together2(SHALL, patient, type)
* insert Together3(SHALL, patient, category, date)
* insert Together2(SHALL, patient, category)
* insert Together2(SHOULD, patient, status)
* insert Together3(SHOULD, patient, type, period)

* insert ResourceType(Encounter, SHOULD)
* insert Supports(DhpEncounter)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/Encounter-subject, SHOULD)
* insert Search(class, token, http://hl7.org/fhir/SearchParameter/Encounter-class, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/clinical-date, SHOULD)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/clinical-identifier, SHOULD)
* insert Search(location, reference, http://hl7.org/fhir/SearchParameter/Encounter-location, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Encounter-status, SHOULD)
* insert Search(type, token, http://hl7.org/fhir/SearchParameter/clinical-type, SHOULD)
* insert Search(discharge-disposition, token, https://fhir.dhp.tw.example/SearchParameter/dhp-Encounter-discharge-disposition, SHOULD)
* insert Together2(SHALL, date, patient)
* insert Together2(SHOULD, patient, type)
* insert Together2(SHOULD, class, patient)
* insert Together2(SHOULD, patient, status)
* insert Together2(SHOULD, patient, location)
* insert Together2(SHOULD, patient, discharge-disposition)

* insert ResourceType(Goal, SHOULD)
* insert Supports(DhpGoal)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(lifecycle-status, token, http://hl7.org/fhir/SearchParameter/Goal-lifecycle-status, SHOULD)
* insert Search(target-date, date, http://hl7.org/fhir/SearchParameter/Goal-target-date, SHOULD)
* insert Search(description, token, https://fhir.dhp.tw.example/SearchParameter/dhp-Goal-description, SHOULD)
* insert Together2(SHOULD, patient, target-date)
* insert Together2(SHOULD, patient, description)
* insert Together2(SHOULD, patient, lifecycle-status)

* insert ResourceType(ImagingStudy, SHOULD)
* insert Supports(DhpImagingStudy)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/ImagingStudy-subject, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/ImagingStudy-status, SHOULD)
* insert Search(encounter, reference, http://hl7.org/fhir/SearchParameter/ImagingStudy-encounter, SHOULD)
* insert Search(started, date, http://hl7.org/fhir/SearchParameter/ImagingStudy-started, SHOULD)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/clinical-identifier, SHOULD)

* insert ResourceType(Immunization, SHOULD)
* insert Supports(DhpImmunization)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Immunization-status, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/clinical-date, SHOULD)
* insert Together2(SHOULD, patient, date)
* insert Together2(SHOULD, patient, status)

* insert ResourceType(Location, SHOULD)
* insert Supports(DhpLocation)
* insert Search(name, string, http://hl7.org/fhir/SearchParameter/Location-name, SHALL)
* insert Search(address, string, http://hl7.org/fhir/SearchParameter/Location-address, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(address-city, string, http://hl7.org/fhir/SearchParameter/Location-address-city, SHOULD)
* insert Search(address-state, string, http://hl7.org/fhir/SearchParameter/Location-address-state, SHOULD)
* insert Search(address-postalcode, string, http://hl7.org/fhir/SearchParameter/Location-address-postalcode, SHOULD)

* insert ResourceType(Medication, SHOULD)
* insert Supports(DhpMedication)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(code, token, http://hl7.org/fhir/SearchParameter/clinical-code, SHOULD)

* insert ResourceType(MedicationDispense, SHOULD)
* insert Supports(DhpMedicationDispense)
* rest.resource[=].searchInclude[+] = "MedicationDispense:medication"
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/MedicationDispense-subject, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/medications-status, SHOULD)
* insert Search(type, token, http://hl7.org/fhir/SearchParameter/MedicationDispense-type, SHOULD)
* insert Search(medication, reference, http://hl7.org/fhir/SearchParameter/medications-medication, SHOULD)
* insert Together3(SHOULD, patient, status, type)
* insert Together2(SHOULD, patient, status)

* insert ResourceType(MedicationRequest, SHOULD)
* insert Supports(DhpMedicationRequest)
* rest.resource[=].searchInclude[+] = "MedicationRequest:medication"
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/MedicationRequest-subject, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/medications-status, SHOULD)
* insert Search(intent, token, http://hl7.org/fhir/SearchParameter/MedicationRequest-intent, SHOULD)
* insert Search(encounter, reference, http://hl7.org/fhir/SearchParameter/medications-encounter, SHOULD)
* insert Search(authoredon, date, http://hl7.org/fhir/SearchParameter/MedicationRequest-authoredon, SHOULD)
* insert Search(medication, reference, http://hl7.org/fhir/SearchParameter/medications-medication, SHOULD)
* insert Together3(SHALL, patient, intent, status)
* insert Together2(SHALL, patient, intent)
* insert Together3(SHOULD, patient, intent, encounter)
* insert Together3(SHOULD, patient, intent, authoredon)

* insert ResourceType(MedicationStatement, SHOULD)
* insert Supports(DhpMedicationStatement)
* rest.resource[=].searchInclude[+] = "MedicationStatement:medication"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/MedicationStatement-subject, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/medications-status, SHOULD)
* insert Search(medication, reference, http://hl7.org/fhir/SearchParameter/medications-medication, SHOULD)

* insert ResourceType(Observation, SHOULD)
* insert Supports(DhpLaboratoryResult)
* insert Supports(DhpClinicalResult)
* insert Supports(DhpVitalSigns)
* insert Supports(DhpBloodPressure)
* insert Supports(DhpAverageBloodPressure)
* insert Supports(DhpBodyWeight)
* insert Supports(DhpBodyHeight)
* insert Supports(DhpBmi)
* insert Supports(DhpBodyTemperature)
* insert Supports(DhpHeartRate)
* insert Supports(DhpRespiratoryRate)
* insert Supports(DhpOxygenSaturation)
* insert Supports(DhpHeadCircumference)
* insert Supports(DhpSmokingStatus)
* insert Supports(DhpScreeningAssessment)
* insert Supports(DhpOccupation)
* insert Supports(DhpPregnancyStatus)
* insert Supports(DhpPregnancyIntent)
* insert Supports(DhpSexualOrientation)
* insert Supports(DhpTreatmentPreference)
* insert Supports(DhpCarePreference)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/Observation-subject, SHOULD)
* insert Search(category, token, http://hl7.org/fhir/SearchParameter/Observation-category, SHOULD)
* insert Search(code, token, http://hl7.org/fhir/SearchParameter/clinical-code, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/clinical-date, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Observation-status, SHOULD)
* insert Search(performer, reference, http://hl7.org/fhir/SearchParameter/Observation-performer, SHOULD)
* insert Together3(SHALL, patient, category, date)
* insert Together2(SHALL, patient, category)
* insert Together2(SHALL, patient, code)
* insert Together3(SHOULD, patient, code, date)
* insert Together3(SHOULD, patient, category, status)

* insert ResourceType(Organization, SHOULD)
* insert Supports(DhpOrganization)
* insert Supports(DhpHospital)
* insert Search(name, string, http://hl7.org/fhir/SearchParameter/Organization-name, SHALL)
* insert Search(address, string, http://hl7.org/fhir/SearchParameter/Organization-address, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/Organization-identifier, SHOULD)
* insert Search(type, token, http://hl7.org/fhir/SearchParameter/Organization-type, SHOULD)

* insert ResourceType(Patient, SHOULD)
* insert Supports(DhpPatient)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/Patient-identifier, SHALL)
* insert Search(name, string, http://hl7.org/fhir/SearchParameter/Patient-name, SHALL)
* insert Search(birthdate, date, http://hl7.org/fhir/SearchParameter/individual-birthdate, SHOULD)
* insert Search(family, string, http://hl7.org/fhir/SearchParameter/individual-family, SHOULD)
* insert Search(given, string, http://hl7.org/fhir/SearchParameter/individual-given, SHOULD)
* insert Search(gender, token, http://hl7.org/fhir/SearchParameter/individual-gender, SHOULD)
* insert Search(death-date, date, http://hl7.org/fhir/SearchParameter/Patient-death-date, SHOULD)
* insert Together2(SHALL, birthdate, name)
* insert Together2(SHALL, gender, name)
* insert Together2(SHOULD, birthdate, family)
* insert Together2(SHOULD, family, gender)
* insert Together2(SHOULD, death-date, family)

* insert ResourceType(Practitioner, SHOULD)
* insert Supports(DhpPractitioner)
* insert Search(name, string, http://hl7.org/fhir/SearchParameter/Practitioner-name, SHALL)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/Practitioner-identifier, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)

* insert ResourceType(PractitionerRole, SHOULD)
* insert Supports(DhpPractitionerRole)
* rest.resource[=].searchInclude[+] = "PractitionerRole:endpoint"
* rest.resource[=].searchInclude[+] = "PractitionerRole:practitioner"
* insert Search(specialty, token, http://hl7.org/fhir/SearchParameter/PractitionerRole-specialty, SHALL)
* insert Search(practitioner, reference, http://hl7.org/fhir/SearchParameter/PractitionerRole-practitioner, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/PractitionerRole-identifier, SHOULD)

* insert ResourceType(Procedure, SHOULD)
* insert Supports(DhpProcedure)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/Procedure-subject, SHOULD)
* insert Search(code, token, http://hl7.org/fhir/SearchParameter/clinical-code, SHOULD)
* insert Search(date, date, http://hl7.org/fhir/SearchParameter/clinical-date, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Procedure-status, SHOULD)
* insert Together2(SHALL, patient, date)
* insert Together3(SHOULD, patient, code, date)
* insert Together2(SHOULD, patient, status)

* insert ResourceType(Provenance, SHOULD)
* insert Supports(DhpProvenance)
* insert Search(target, reference, http://hl7.org/fhir/SearchParameter/Provenance-target, SHOULD)

* insert ResourceType(QuestionnaireResponse, SHOULD)
* insert Supports(DhpQuestionnaireResponse)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/QuestionnaireResponse-patient, SHALL)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/QuestionnaireResponse-status, SHOULD)
* insert Search(authored, date, http://hl7.org/fhir/SearchParameter/QuestionnaireResponse-authored, SHOULD)
* insert Search(questionnaire, reference, http://hl7.org/fhir/SearchParameter/QuestionnaireResponse-questionnaire, SHOULD)
* insert Together2(SHOULD, patient, questionnaire)
* insert Together2(SHOULD, patient, authored)
* insert Together2(SHOULD, patient, status)

* insert ResourceType(RelatedPerson, SHOULD)
* insert Supports(DhpRelatedPerson)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/RelatedPerson-patient, SHOULD)
* insert Search(name, string, http://hl7.org/fhir/SearchParameter/RelatedPerson-name, SHOULD)
* insert Together2(SHOULD, patient, name)

* insert ResourceType(ServiceRequest, SHOULD)
* insert Supports(DhpServiceRequest)
* rest.resource[=].searchRevInclude = "Provenance:target"
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/clinical-patient, SHALL)
* insert Search(category, token, http://hl7.org/fhir/SearchParameter/ServiceRequest-category, SHOULD)
* insert Search(code, token, http://hl7.org/fhir/SearchParameter/clinical-code, SHOULD)
* insert Search(authored, date, http://hl7.org/fhir/SearchParameter/ServiceRequest-authored, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/ServiceRequest-status, SHOULD)
* insert Together3(SHALL, patient, category, authored)
* insert Together2(SHALL, patient, category)
* insert Together2(SHALL, patient, code)
* insert Together2(SHOULD, patient, status)
* insert Together3(SHOULD, patient, code, authored)

* insert ResourceType(Specimen, SHOULD)
* insert Supports(DhpSpecimen)
* insert Search(_id, token, http://hl7.org/fhir/SearchParameter/Resource-id, SHALL)
* insert Search(patient, reference, http://hl7.org/fhir/SearchParameter/Specimen-patient, SHOULD)
* insert Search(subject, reference, http://hl7.org/fhir/SearchParameter/Specimen-subject, SHOULD)
* insert Search(status, token, http://hl7.org/fhir/SearchParameter/Specimen-status, SHOULD)
* insert Search(identifier, token, http://hl7.org/fhir/SearchParameter/Specimen-identifier, SHOULD)
