// https://hl7.org/fhir/R4/observation-vitalsigns.html
// Each is R4's own vital sign, of one patient; the average blood pressure is not one of R4's.

RuleSet: VitalSign
* status MS
* category MS
* code MS
* insert OfPatient(subject)
* encounter MS
* effective[x] MS
* performer MS
* value[x] MS
* dataAbsentReason MS

RuleSet: VitalSignExample(loinc)
* insert Synthetic
* status = #final
* category[VSCat] = $observation-category#vital-signs
* code = $loinc#{loinc}
* subject = Reference(patient-chen)
* encounter = Reference(encounter-outpatient)
* effectiveDateTime = "2026-05-02T09:05:00+08:00"
* performer = Reference(practitioner-wang)

RuleSet: BadVitalSign(profile, expression, why, loinc)
* insert Bad({profile}, [[{expression}]], [[{why}]])
* status = #final
* category = $observation-category#vital-signs
* code = $loinc#{loinc}
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02T09:05:00+08:00"

Invariant: dhp-positive
Severity: #error
Description: "The value is more than zero. 數值須大於零。"
Expression: "value.empty() or value > 0"

Profile: DhpVitalSigns
Parent: http://hl7.org/fhir/StructureDefinition/vitalsigns
Id: dhp-vital-signs
Title: "DHP Vital Signs"
Description: "Any vital sign. Aligns with TW Core and US Core vital signs. 生命徵象。"
* insert VitalSign
* hasMember MS

Instance: vital-signs-panel
InstanceOf: DhpVitalSigns
Usage: #example
Title: "What was measured at a visit"
* insert VitalSignExample(85353-1)
* hasMember[+] = Reference(vital-sign-blood-pressure)
* hasMember[+] = Reference(vital-sign-heart-rate)

Invariant: dhp-systolic-above-diastolic
Severity: #error
Description: "The systolic pressure is higher than the diastolic: they seem to be exchanged. 收縮壓須高於舒張壓，兩者可能填反。"
Expression: "iif(component.where(code.coding.exists(system = 'http://loinc.org' and code = '8480-6')).value.ofType(Quantity).value <= component.where(code.coding.exists(system = 'http://loinc.org' and code = '8462-4')).value.ofType(Quantity).value, false, true)"

Profile: DhpBloodPressure
Parent: http://hl7.org/fhir/StructureDefinition/bp
Id: dhp-blood-pressure
Title: "DHP Blood Pressure"
Description: "Systolic and diastolic pressure. Aligns with TW Core and US Core blood pressure. 血壓。"
* insert VitalSign
* obeys dhp-systolic-above-diastolic
* component[SystolicBP] MS
* component[SystolicBP].valueQuantity MS
* component[DiastolicBP] MS
* component[DiastolicBP].valueQuantity MS

Instance: vital-sign-blood-pressure
InstanceOf: DhpBloodPressure
Usage: #example
Title: "Blood pressure 128/78"
* insert VitalSignExample(85354-9)
* component[SystolicBP].code = $loinc#8480-6
* component[SystolicBP].valueQuantity = 128 'mm[Hg]' "mmHg"
* component[DiastolicBP].code = $loinc#8462-4
* component[DiastolicBP].valueQuantity = 78 'mm[Hg]' "mmHg"

Profile: DhpAverageBloodPressure
Parent: Observation
Id: dhp-average-blood-pressure
Title: "DHP Average Blood Pressure"
Description: "The mean of several measurements, as at home in the morning and evening. Aligns with TW Core and US Core (8.0.0) average blood pressure. 平均血壓，如居家早晚量測之平均（722 原則）。"
* insert PatientObservation
* insert CategoryIs(vitalSigns, $observation-category#vital-signs)
* effective[x] 1..1
* code = $loinc#96607-7
* value[x] 0..0
* component 2..*
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* component contains systolic 1..1 MS and diastolic 1..1 MS
* component[systolic].code = $loinc#96608-5
* component[systolic].value[x] only Quantity
* component[systolic].valueQuantity = 'mm[Hg]'
* component[diastolic].code = $loinc#96609-3
* component[diastolic].value[x] only Quantity
* component[diastolic].valueQuantity = 'mm[Hg]'

Instance: vital-sign-average-blood-pressure
InstanceOf: DhpAverageBloodPressure
Usage: #example
Title: "Average of a week at home"
* insert Synthetic
* status = #final
* category[vitalSigns] = $observation-category#vital-signs
* code = $loinc#96607-7
* subject = Reference(patient-chen)
* effectivePeriod.start = "2026-04-25"
* effectivePeriod.end = "2026-05-01"
* performer = Reference(patient-chen)
* component[systolic].code = $loinc#96608-5
* component[systolic].valueQuantity = 131 'mm[Hg]' "mmHg"
* component[diastolic].code = $loinc#96609-3
* component[diastolic].valueQuantity = 80 'mm[Hg]' "mmHg"

Instance: bad-blood-pressure-exchanged
InstanceOf: Observation
Usage: #example
Title: "Blood pressure 78/128"
* insert BadVitalSign(DhpBloodPressure, Observation, Systolic and diastolic are exchanged, 85354-9)
* component[0].code = $loinc#8480-6
* component[0].valueQuantity = 78 'mm[Hg]' "mmHg"
* component[1].code = $loinc#8462-4
* component[1].valueQuantity = 128 'mm[Hg]' "mmHg"

Instance: bad-blood-pressure-unit
InstanceOf: Observation
Usage: #example
Title: "Blood pressure in mmHg as a code"
* insert BadVitalSign(DhpBloodPressure, [[Observation.component[0].value.ofType(Quantity).code]], The code of the unit is not UCUM, 85354-9)
* component[0].code = $loinc#8480-6
* component[0].valueQuantity = $ucum#mmHg
* component[0].valueQuantity.value = 128
* component[1].code = $loinc#8462-4
* component[1].valueQuantity = 78 'mm[Hg]' "mmHg"

Profile: DhpBodyWeight
Parent: http://hl7.org/fhir/StructureDefinition/bodyweight
Id: dhp-body-weight
Title: "DHP Body Weight"
Description: "Body Weight. Aligns with TW Core and US Core. 體重。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-body-weight
InstanceOf: DhpBodyWeight
Usage: #example
Title: "Body Weight"
* insert VitalSignExample(29463-7)
* valueQuantity = 58.4 'kg' "kg"

Profile: DhpBodyHeight
Parent: http://hl7.org/fhir/StructureDefinition/bodyheight
Id: dhp-body-height
Title: "DHP Body Height"
Description: "Body Height. Aligns with TW Core and US Core. 身高。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-body-height
InstanceOf: DhpBodyHeight
Usage: #example
Title: "Body Height"
* insert VitalSignExample(8302-2)
* valueQuantity = 158 'cm' "cm"

Profile: DhpBmi
Parent: http://hl7.org/fhir/StructureDefinition/bmi
Id: dhp-bmi
Title: "DHP Body Mass Index"
Description: "Body Mass Index. Aligns with TW Core and US Core. 身體質量指數。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-bmi
InstanceOf: DhpBmi
Usage: #example
Title: "Body Mass Index"
* insert VitalSignExample(39156-5)
* valueQuantity = 23.4 'kg/m2' "kg/m2"

Profile: DhpBodyTemperature
Parent: http://hl7.org/fhir/StructureDefinition/bodytemp
Id: dhp-body-temperature
Title: "DHP Body Temperature"
Description: "Body Temperature. Aligns with TW Core and US Core. 體溫。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-body-temperature
InstanceOf: DhpBodyTemperature
Usage: #example
Title: "Body Temperature"
* insert VitalSignExample(8310-5)
* valueQuantity = 36.6 'Cel' "°C"

Profile: DhpHeartRate
Parent: http://hl7.org/fhir/StructureDefinition/heartrate
Id: dhp-heart-rate
Title: "DHP Heart Rate"
Description: "Heart Rate. Aligns with TW Core and US Core. 心率。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-heart-rate
InstanceOf: DhpHeartRate
Usage: #example
Title: "Heart Rate"
* insert VitalSignExample(8867-4)
* valueQuantity = 72 '/min' "次/分"

Profile: DhpRespiratoryRate
Parent: http://hl7.org/fhir/StructureDefinition/resprate
Id: dhp-respiratory-rate
Title: "DHP Respiratory Rate"
Description: "Respiratory Rate. Aligns with TW Core and US Core. 呼吸速率。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-respiratory-rate
InstanceOf: DhpRespiratoryRate
Usage: #example
Title: "Respiratory Rate"
* insert VitalSignExample(9279-1)
* valueQuantity = 16 '/min' "次/分"

Profile: DhpOxygenSaturation
Parent: http://hl7.org/fhir/StructureDefinition/oxygensat
Id: dhp-oxygen-saturation
Title: "DHP Oxygen Saturation"
Description: "Oxygen Saturation. Aligns with TW Core and US Core. 血氧飽和度。"
* insert VitalSign
* valueQuantity obeys dhp-positive
* code.coding MS
* component MS
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* component contains flowRate 0..1 MS and concentration 0..1 MS
* component[flowRate] ^short = "Flow of inhaled oxygen 給氧流量"
* component[flowRate].code = $loinc#3151-8
* component[flowRate].value[x] only Quantity
* component[flowRate].valueQuantity = 'L/min'
* component[concentration] ^short = "Concentration of inhaled oxygen 給氧濃度"
* component[concentration].code = $loinc#3150-0
* component[concentration].value[x] only Quantity
* component[concentration].valueQuantity = '%'

Instance: vital-sign-oxygen-saturation
InstanceOf: DhpOxygenSaturation
Usage: #example
Title: "Oxygen Saturation"
* insert VitalSignExample(2708-6)
* code.coding[OxygenSatCode] = $loinc#2708-6
* code.coding[1] = $loinc#59408-5
* valueQuantity = 98 '%' "%"

Profile: DhpHeadCircumference
Parent: http://hl7.org/fhir/StructureDefinition/headcircum
Id: dhp-head-circumference
Title: "DHP Head Circumference"
Description: "Head Circumference. Aligns with TW Core and US Core. 頭圍。"
* insert VitalSign
* valueQuantity obeys dhp-positive

Instance: vital-sign-head-circumference
InstanceOf: DhpHeadCircumference
Usage: #example
Title: "Head Circumference"
* insert VitalSignExample(9843-4)
* valueQuantity = 54 'cm' "cm"

Instance: bad-body-weight-zero
InstanceOf: Observation
Usage: #example
Title: "A weight of zero"
* insert BadVitalSign(DhpBodyWeight, [[Observation.value.ofType(Quantity)]], A weight is more than zero, 29463-7)
* valueQuantity = 0 'kg' "kg"

Instance: bad-body-temperature-unit
InstanceOf: Observation
Usage: #example
Title: "A temperature in a unit that is not UCUM's"
* insert BadVitalSign(DhpBodyTemperature, [[Observation.value.ofType(Quantity).code]], The unit is Cel, 8310-5)
* valueQuantity = $ucum#C
* valueQuantity.value = 36.6
* valueQuantity.unit = "C"
