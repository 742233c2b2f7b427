// Identifiers of persons and hospitals in Taiwan, with the rules by which a typing error is found.

Invariant: dhp-national-id-format
Severity: #error
Description: "A national ID number is a capital letter, 1 or 2, and eight digits. 國民身分證統一編號為一個大寫英文字母、1 或 2，再加八位數字。"
Expression: "matches('^[A-Z][12][0-9]{8}$')"

// The letter stands for two digits; the ten others are weighted 1 9 8 7 6 5 4 3 2 1 1, and the sum is a multiple of ten.
Invariant: dhp-national-id-check
Severity: #error
Description: "The check digit of the number is wrong: compare it with the card. 身分證統一編號（或新式統一證號）的檢查碼錯誤，請核對證件。"
Expression: "matches('^[A-Z][1289][0-9]{8}$').not() or (('ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf($this.substring(0,1)) + 10) div 10 + 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf($this.substring(0,1)) mod 10 * 9 + $this.substring(1,1).toInteger() * 8 + $this.substring(2,1).toInteger() * 7 + $this.substring(3,1).toInteger() * 6 + $this.substring(4,1).toInteger() * 5 + $this.substring(5,1).toInteger() * 4 + $this.substring(6,1).toInteger() * 3 + $this.substring(7,1).toInteger() * 2 + $this.substring(8,1).toInteger() + $this.substring(9,1).toInteger()) mod 10 = 0"

Invariant: dhp-resident-certificate-format
Severity: #error
Description: "A resident certificate number is a capital letter, 8 or 9, and eight digits (since 2021), or two capital letters and eight digits. 統一證號為一個大寫英文字母、8 或 9 加八位數字（新式），或兩個大寫英文字母加八位數字（舊式）。"
Expression: "matches('^([A-Z][89]|[A-Z][A-D])[0-9]{8}$')"

Invariant: dhp-resident-certificate-check
Severity: #error
Description: "The check digit of the old-style certificate number is wrong: compare it with the card. 舊式統一證號的檢查碼錯誤，請核對證件。"
Expression: "matches('^[A-Z][A-D][0-9]{8}$').not() or (('ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf($this.substring(0,1)) + 10) div 10 + 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf($this.substring(0,1)) mod 10 * 9 + 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf($this.substring(1,1)) mod 10 * 8 + $this.substring(2,1).toInteger() * 7 + $this.substring(3,1).toInteger() * 6 + $this.substring(4,1).toInteger() * 5 + $this.substring(5,1).toInteger() * 4 + $this.substring(6,1).toInteger() * 3 + $this.substring(7,1).toInteger() * 2 + $this.substring(8,1).toInteger() + $this.substring(9,1).toInteger()) mod 10 = 0"

Invariant: dhp-passport-format
Severity: #error
Description: "A passport number is 6 to 12 capital letters and digits, without spaces. 護照號碼為 6 至 12 碼大寫英文字母與數字，不含空白。"
Expression: "matches('^[A-Z0-9]{6,12}$')"

Invariant: dhp-hospital-code-format
Severity: #error
Description: "A medical institution code has ten digits. 醫事機構代碼為十位數字。"
Expression: "matches('^[0-9]{10}$')"

// What is in the system of the national ID is one, whatever its type says; so a number without type is not passed over.
Invariant: dhp-identifier-type
Severity: #error
Description: "An identifier of the Ministry of the Interior has the type NNxxx, one of the Immigration Agency PRC: else it is not checked. 內政部的識別碼其 type 須為 NNxxx，移民署的須為 PRC。"
Expression: "where(system = 'http://www.moi.gov.tw').all(type.coding.where(system = 'http://terminology.hl7.org/CodeSystem/v2-0203' and code = 'NNxxx').exists()) and where(system = 'http://www.immigration.gov.tw').all(type.coding.where(system = 'http://terminology.hl7.org/CodeSystem/v2-0203' and code = 'PRC').exists())"

Invariant: dhp-name
Severity: #error
Description: "A name has a text or a family name. 姓名須有 text 或 family。"
Expression: "text.exists() or family.exists()"

Invariant: dhp-postal-code
Severity: #error
Description: "A postal code of Taiwan has 3, 5 or 6 digits. 臺灣郵遞區號為 3、5 或 6 位數字。"
Expression: "postalCode.exists() and (country.empty() or country = 'TW') implies postalCode.matches('^[0-9]{3}([0-9]{2,3})?$')"

Invariant: dhp-sex-digit
Severity: #warning
Description: "The second character of the national ID number (1 male, 2 female) does not agree with the gender. 身分證統一編號第二碼（1 男、2 女）與性別不一致。"
Expression: "gender.empty() or ((identifier.where(system = 'http://www.moi.gov.tw' and value.matches('^[A-Z]1[0-9]{8}$')).exists() implies gender = 'male') and (identifier.where(system = 'http://www.moi.gov.tw' and value.matches('^[A-Z]2[0-9]{8}$')).exists() implies gender = 'female'))"

// The identifiers a person may have. Their types tell them apart, as in TW Core; a passport and a record number may come from several places.
RuleSet: PersonIdentifiers
* identifier MS
* identifier.system 1..1 MS
* identifier.value 1..1 MS
* identifier obeys dhp-identifier-type
* identifier ^slicing.discriminator.type = #pattern
* identifier ^slicing.discriminator.path = "type"
* identifier ^slicing.rules = #open
* identifier contains nationalId 0..1 MS and residentCertificate 0..1 MS and passport 0..* MS
* identifier[nationalId] ^short = "National ID number 國民身分證統一編號"
* identifier[nationalId].use = #official
* identifier[nationalId].type 1..1 MS
* identifier[nationalId].type = $identifier-type#NNxxx
* identifier[nationalId].system = "http://www.moi.gov.tw"
* identifier[nationalId].value obeys dhp-national-id-format and dhp-national-id-check
* identifier[residentCertificate] ^short = "Resident certificate number 居留證統一證號"
* identifier[residentCertificate].use = #official
* identifier[residentCertificate].type 1..1 MS
* identifier[residentCertificate].type = $identifier-type#PRC
* identifier[residentCertificate].system = "http://www.immigration.gov.tw"
* identifier[residentCertificate].value obeys dhp-resident-certificate-format and dhp-national-id-check and dhp-resident-certificate-check
* identifier[passport] ^short = "Passport number 護照號碼"
* identifier[passport].type 1..1 MS
* identifier[passport].type = $identifier-type#PPN
* identifier[passport].value obeys dhp-passport-format

RuleSet: PersonName
* name MS
* name obeys dhp-name
* name.use MS
* name.text MS
* name.text ^short = "The whole name as it is written 完整姓名"
* name.family MS
* name.given MS
* name.period MS
* name.extension contains http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation named representation 0..1 MS
* name.extension[representation] ^short = "IDE: Chinese characters, ABC: romanised, SYL: phonetic 表示法：IDE 漢字、ABC 羅馬拼音、SYL 注音"

RuleSet: Telecom
* telecom MS
* telecom.system 1..1 MS
* telecom.value 1..1 MS
* telecom.use MS

// As TW Core has it: district is the county or city, city the township below it.
RuleSet: TaiwanAddress
* address MS
* address obeys dhp-postal-code
* address.use MS
* address.period MS
* address.text MS
* address.line MS
* address.city MS
* address.city ^short = "Township or district 鄉鎮市區"
* address.district MS
* address.district ^short = "County or city 縣市"
* address.postalCode MS
* address.country MS

// What the examples use.
RuleSet: ExampleAddress
* address.use = #home
* address.text = "臺北市中正區測試路一段1號"
* address.line = "測試路一段1號"
* address.city = "中正區"
* address.district = "臺北市"
* address.postalCode = "100"
* address.country = "TW"
