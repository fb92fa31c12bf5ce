// wasm-run.mjs -- runs a WebAssembly program, or looks at what a module imports.
//
//   node tools/wasm-run.mjs PROGRAM.wasm                 runs it; its status is the status of this
//   node tools/wasm-run.mjs --imports-of core X.wasm     only checks, as strictly as for that kind of module
//
// A module gets the imports that tools/wasm-imports.txt allows for its kind and no others.
import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { WASI } from 'node:wasi'

const SYSTEM = 'wasi_snapshot_preview1'

// Node's short way into its WASI functions can crash Node itself once a program has taken much memory, as a
// passphrase does (nodejs/node issues 46777 and 53087); the long way does the same.
setFlagsFromString('--no-turbo-fast-api-calls')

/** The names that the list allows to a kind of module; a program may import all that the core may. */
async function allowedTo(kind) {
  const list = await readFile(new URL('wasm-imports.txt', import.meta.url), 'utf8')
  const rows = list.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
  return new Set(rows.filter(([of]) => of === 'core' || of === kind).map(([, name]) => name))
}

/** Says each import that is not allowed; whether there was none. */
function importsAreAllowed(module, allowed, file) {
  const foreign = WebAssembly.Module.imports(module)
    .map(({ module: from, name }) => ({ from, name }))
    .filter(({ from, name }) => !allowed.has(from === SYSTEM ? name : `${from}.${name}`))
  for (const { from, name } of foreign) {
    console.error(`${file}: imports ${from}.${name}, which tools/wasm-imports.txt does not allow: ` +
      'the core works on what it is given, without clock or files')
  }
  return foreign.length === 0
}

const checksOnly = process.argv[2] === '--imports-of'
const [kind, file] = checksOnly ? process.argv.slice(3) : ['program', process.argv[2]]
const module = await WebAssembly.compile(await readFile(file))
const allowed = await allowedTo(kind)
if (!importsAreAllowed(module, allowed, file)) process.exit(1)
if (!checksOnly) {
  const seed = process.env.TROTH_SEED
  const env = seed === undefined ? {} : { TROTH_SEED: seed }
  const wasi = new WASI({ version: 'preview1', args: [file], env, returnOnExit: true })
  const handed = Object.fromEntries([...allowed].map((name) => [name, wasi.wasiImport[name]]))
  let instance

  /** Whether a function of the module, named by its place in the table, traps. */
  function traps(place) {
    const { __indirect_function_table: table, __stack_pointer: stack } = instance.exports
    const before = stack.value
    try {
      table.get(place)()
      return 0
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error
      stack.value = before
      return 1
    }
  }
  instance = await WebAssembly.instantiate(module, { [SYSTEM]: handed, troth_test: { traps } })
  process.exitCode = wasi.start(instance)
}
