/**
 * What the linter refuses: `any`, promises left alone, and packages outside of the one place they live in.
 * https://typescript-eslint.io/
 */
import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Where each fenced package may be imported, by path prefix. test/architecture.test.ts checks the same table. */
export const fences = {
  express: ['src/http/'],
  pino: ['src/http/', 'src/main.ts'],
  'prom-client': ['src/http/', 'src/main.ts'],
  'node:sqlite': ['src/store/sqlite/'],
  mongodb: ['src/store/mongo/'],
  fhirpath: ['src/fhir/path.ts'],
  '@lhncbc/ucum-lhc': ['src/search/ucum.ts'],
  jsonwebtoken: ['src/jwt/'],
}

const fence = place => ({
  'no-restricted-imports': [
    'error',
    {
      patterns: Object.entries(fences)
        .filter(([, allowed]) => !allowed.includes(place))
        .map(([name, allowed]) => ({
          // a folder of ours may have the name of a package
          regex: `^${name.replace(/[.]/g, '\\.')}(?:/|$)`,
          message: `${name} lives in ${allowed.join(' and ')} only.`,
        })),
    },
  ],
})

const places = [...new Set(Object.values(fences).flat())]

export default tseslint.config(
  { ignores: ['node_modules/', 'data/', 'coverage/', 'fsh-generated/', 'implementation-guide/fsh-generated/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // The bounds of a loop are known where an index is used: `!` says so
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Input comes with any bytes: a pattern that names control characters means them
      'no-control-regex': 'off',
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: fence('') },
  {
    // What a browser has, for the example app
    files: ['examples/smart-app/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'fetch', 'localStorage', 'location', 'navigator', 'sessionStorage', 'URL', 'URLSearchParams'].map(
          name => [name, 'readonly'],
        ),
      ),
    },
  },
  ...places.map(place => ({ files: [place.endsWith('/') ? `${place}**/*.ts` : place], rules: fence(place) })),
)
