// How well the patient is: ECOG and Karnofsky.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-ecog-performance-status.html

Invariant: dhp-ecog-range
Description: "ECOG is 0 to 5 / ECOG 為 0 至 5"
Severity: #error
Expression: "$this >= 0 and $this <= 5"

Invariant: dhp-karnofsky-range
Description: "Karnofsky is 0 to 100 in steps of ten / Karnofsky 為 0 至 100，每 10 分一級"
Severity: #error
Expression: "$this >= 0 and $this <= 100 and $this mod 10 = 0"

Profile: DhpEcogPerformanceStatus
Parent: mcode-ecog-performance-status
Id: dhp-ecog-performance-status
Title: "DHP ECOG Performance Status"
Description: "ECOG performance status. ECOG 日常體能狀態，對應癌症登記 7.6 欄。"
* effective[x] 1..1 MS
* value[x] MS
* valueInteger obeys dhp-ecog-range

Profile: DhpKarnofskyPerformanceStatus
Parent: mcode-karnofsky-performance-status
Id: dhp-karnofsky-performance-status
Title: "DHP Karnofsky Performance Status"
Description: "Karnofsky performance status. Karnofsky 日常體能狀態。"
* effective[x] 1..1 MS
* value[x] MS
* valueInteger obeys dhp-karnofsky-range

Instance: ecog-1
InstanceOf: DhpEcogPerformanceStatus
Usage: #example
Title: "ECOG 1"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* category = $observation-category#survey
* code = $loinc#89247-1 "ECOG Performance Status score"
* valueInteger = 1

Instance: karnofsky-80
InstanceOf: DhpKarnofskyPerformanceStatus
Usage: #example
Title: "Karnofsky 80"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* category = $observation-category#survey
* code = $loinc#89243-0 "Karnofsky Performance Status score"
* valueInteger = 80

Instance: bad-ecog-range
InstanceOf: Observation
Usage: #example
Title: "ECOG 7"
* insert Bad(DhpEcogPerformanceStatus, Observation.value.ofType(integer\), [[ECOG ends at 5]])
* insert ByOncologist(2024-03-18)
* category = $observation-category#survey
* code = $loinc#89247-1 "ECOG Performance Status score"
* valueInteger = 7

Instance: bad-karnofsky-step
InstanceOf: Observation
Usage: #example
Title: "Karnofsky 85"
* insert Bad(DhpKarnofskyPerformanceStatus, Observation.value.ofType(integer\), [[Karnofsky goes in steps of ten]])
* insert ByOncologist(2024-03-18)
* category = $observation-category#survey
* code = $loinc#89243-0 "Karnofsky Performance Status score"
* valueInteger = 85
