/** What the app says, in English and in Traditional Chinese. */
const words = {
  en: {
    title: 'Cancer summary',
    skip: 'Skip to the record',
    launching: 'Asking the hospital to let this app in …',
    noLaunch:
      'This page is opened by a hospital system, with iss and launch in the address. To sign in yourself, open index.html.',
    failed: 'It did not work.',
    again: 'Sign in again.',
    standalone: 'Sign in to a FHIR server to see a summary of a cancer record.',
    server: 'FHIR server',
    signIn: 'Sign in',
    signOut: 'Sign out',
    signedOut: 'You are signed out. The access of this app has been ended.',
    reading: 'Reading the record …',
    noPatient: 'No patient was chosen.',
    footer: 'An example app. Not for clinical decisions.',
    patient: 'Patient',
    gender: 'Sex',
    born: 'Born',
    died: 'Died',
    condition: 'Primary cancer',
    metastasis: 'Spread to',
    site: 'Site',
    morphology: 'Morphology',
    stage: 'Stage',
    diagnosed: 'Diagnosed',
    biomarkers: 'Biomarkers',
    treatments: 'Treatments',
    status: 'Disease status over time',
    date: 'Date',
    what: 'What',
    value: 'Result',
    kind: 'Kind',
    state: 'State',
    none: 'Nothing recorded.',
    unread: 'Could not be read:',
    medication: 'Medicine',
    surgery: 'Surgery',
    radiotherapy: 'Radiotherapy',
    male: 'male',
    female: 'female',
    other: 'other',
    unknown: 'unknown',
    active: 'active',
    completed: 'completed',
    stopped: 'stopped',
    'on-hold': 'on hold',
    'in-progress': 'in progress',
    cancelled: 'cancelled',
  },
  'zh-Hant': {
    title: '癌症摘要',
    skip: '跳到病歷內容',
    launching: '正在請求醫院授權 …',
    noLaunch: '本頁由醫院系統開啟，網址須帶有 iss 與 launch。若要自行登入，請開啟 index.html。',
    failed: '沒有成功。',
    again: '請重新登入。',
    standalone: '登入 FHIR 伺服器，檢視癌症病歷摘要。',
    server: 'FHIR 伺服器',
    signIn: '登入',
    signOut: '登出',
    signedOut: '您已登出，本應用程式的存取權已終止。',
    reading: '正在讀取病歷 …',
    noPatient: '尚未選擇病人。',
    footer: '範例應用程式，不得用於臨床決策。',
    patient: '病人',
    gender: '性別',
    born: '出生日期',
    died: '死亡日期',
    condition: '原發癌症',
    metastasis: '轉移部位',
    site: '部位',
    morphology: '型態',
    stage: '期別',
    diagnosed: '診斷日期',
    biomarkers: '生物標記',
    treatments: '治療',
    status: '病況變化',
    date: '日期',
    what: '項目',
    value: '結果',
    kind: '類別',
    state: '狀態',
    none: '沒有紀錄。',
    unread: '無法讀取：',
    medication: '藥物',
    surgery: '手術',
    radiotherapy: '放射治療',
    male: '男',
    female: '女',
    other: '其他',
    unknown: '不詳',
    active: '進行中',
    completed: '已完成',
    stopped: '已停止',
    'on-hold': '暫停',
    'in-progress': '進行中',
    cancelled: '已取消',
  },
}

let language = localStorage.getItem('language') || (navigator.language.startsWith('zh') ? 'zh-Hant' : 'en')
if (!(language in words)) language = 'en'

/** The word for `name` in the chosen language; `name` itself when there is none. */
export const say = name => words[language][name] ?? name

export const current = () => language

/** Chooses `en` or `zh-Hant`, and remembers it. */
export function choose(name) {
  language = name
  localStorage.setItem('language', name)
}

/** Puts the words into what carries `data-text`, and tells the browser the language. */
export function fill(page) {
  page.documentElement.lang = language
  page.title = say('title')
  for (const element of page.querySelectorAll('[data-text]')) element.textContent = say(element.dataset.text)
  for (const button of page.querySelectorAll('[data-language]'))
    button.setAttribute('aria-pressed', String(button.dataset.language === language))
}
