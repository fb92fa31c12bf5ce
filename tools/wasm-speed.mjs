// wasm-speed.mjs -- what the browser's core takes, in node: one line of JSON per figure.
//
//   node tools/wasm-speed.mjs core.wasm [acts]
//
// Makes an account and a circle of one, says so many acts in it, and reads the record as a device that knows it, as a
// new device, and as somebody who verifies everything.
import { randomFillSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/* ---- CBOR, as much as is needed ---- */

const bytesOf = (text) => new TextEncoder().encode(text)
function join(parts) {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0)
  return all
}
function head(major, n) {
  if (n < 24) return Uint8Array.of((major << 5) | n)
  const size = n < 0x100 ? 1 : n < 0x10000 ? 2 : n < 2 ** 32 ? 4 : 8
  const out = new Uint8Array(1 + size)
  out[0] = (major << 5) | (24 + Math.log2(size))
  for (let i = size, left = n; i > 0; i--, left = Math.floor(left / 256)) out[i] = left % 256
  return out
}
function encode(value) {
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return join([head(3, bytesOf(value).length), bytesOf(value)])
  if (value instanceof Uint8Array) return join([head(2, value.length), value])
  if (Array.isArray(value)) return join([head(4, value.length), ...value.map(encode)])
  const keys = Object.keys(value).map(Number).sort((a, b) => a - b)
  return join([head(5, keys.length), ...keys.flatMap((key) => [encode(key), encode(value[key])])])
}
function decodeAt(bytes, at) {
  const major = bytes[at] >> 5, info = bytes[at] & 31, size = info < 24 ? 0 : 1 << (info - 24)
  let n = info
  if (size > 0) n = bytes.subarray(at + 1, at + 1 + size).reduce((sum, byte) => sum * 256 + byte, 0)
  at += 1 + size
  if (major === 0) return [n, at]
  if (major === 2) return [bytes.slice(at, at + n), at + n]
  if (major === 3) return [new TextDecoder().decode(bytes.subarray(at, at + n)), at + n]
  const items = []
  for (let i = 0; i < (major === 5 ? 2 * n : n); i++) {
    const [item, next] = decodeAt(bytes, at)
    items.push(item)
    at = next
  }
  if (major === 4) return [items, at]
  const map = {}
  for (let i = 0; i < items.length; i += 2) map[items[i]] = items[i + 1]
  return [map, at]
}

/* ---- calls ---- */

const module = await WebAssembly.compile(await readFile(process.argv[2]))
let core
const random_get = (at, n) => (randomFillSync(new Uint8Array(core.memory.buffer, at, n)), 0)

/** A new instance: its memory is what it needs itself. */
async function begin() {
  core = (await WebAssembly.instantiate(module, { wasi_snapshot_preview1: { random_get } })).exports
  core._initialize()
  if (core.troth_begin() !== 0) throw new Error('it does not begin')
}
await begin()

function call(name, handle, input, { isRaw = false } = {}) {
  const bytes = isRaw ? input : input === undefined ? new Uint8Array() : encode(input)
  const at = core.troth_room(bytes.length)
  new Uint8Array(core.memory.buffer, at, bytes.length).set(bytes)
  const status = core[`troth_${name}`](handle, bytes.length)
  const answer = new Uint8Array(core.memory.buffer, core.troth_answer(), core.troth_answer_n()).slice()
  if (status !== 0) throw new Error(`${name}: ${status} ${answer.length > 0 ? JSON.stringify(decodeAt(answer, 0)[0]) : ''}`)
  return answer.length > 0 ? decodeAt(answer, 0)[0] : {}
}
const raw = { isRaw: true }

function timed(what, job, { per } = {}) {
  const start = performance.now()
  job()
  const ms = performance.now() - start
  const figure = { what, ms: Math.round(ms * 10) / 10 }
  if (per) figure.per_s = Math.round(per / (ms / 1000))
  console.log(JSON.stringify(figure))
}

/* ---- a record ---- */

const acts = Number(process.argv[3] ?? 10000), now = 1790000000000
const profile = encode({ 1: 1, 2: 'Ana', 3: 1, 4: 'Europe/Madrid' })
const [ana, ben] = [1, 2].map(() => {
  const code = call('code_new', 0, { 1: 0 })[1]
  const made = call('account_new', call('access', 0, { 1: code })[1])
  return { account: made[1], sign_pk: made[2], wrapped: made[4], code }
})
const made = call('circle_new', ana.account, { 1: now, 2: profile, 3: encode({ 1: 15, 2: 'Two', 3: 1 }) })
ana.circle = made[1]
const id = made[2], pages = [made[3]]
let pin = made[4][4], keys = made[4][5], group = 0

function send(who, items, also) {
  let left = items
  while (left.length > 0) {
    const signed = call('sign', who.circle, join([encode(now), ...left.map(encode)]), raw)
    if (signed[1].length === 0) throw new Error(`given back: ${JSON.stringify(signed)}`)
    const wires = join(signed[1].map(([, wire]) => wire))
    pages.push(wires)
    const kept = call('recorded', who.circle, wires, raw)
    if (who === ana) [pin, keys] = [kept[4], kept[5] ?? keys]
    if (also) {
      const told = call('circle_add', also.circle, wires, raw)
      if (also === ana) [pin, keys] = [told[4], told[5] ?? keys]
    }
    left = left.slice(signed[1].length)
  }
}

const invitation = call('invite', ana.circle, { 1: now, 2: ++group, 3: now + 1000000, 4: profile })
send(ana, invitation[1])
ben.circle = call('circle_open', ben.account, { 1: id })[1]
call('circle_loaded', ben.circle)
call('circle_add', ben.circle, join(pages), raw)
send(ben, call('join', ben.circle, { 1: now, 2: ++group, 3: invitation[3], 4: profile })[1], ana)

timed(`sign ${acts} acts, and verify each in the other's copy`, () => {
  for (let said = 0; said < acts; said += 60) {
    const items = []
    for (let i = 0; i < Math.min(60, acts - said); i++) {
      const text = { 1: 3, 2: 1, 8: ben.sign_pk, 9: `Act ${said + i}: water the plants on the balcony`, 13: 0 }
      items.push(...call('say', ana.circle, { 1: now, 2: ++group, 3: encode(text) })[1])
    }
    send(ana, items, ben)
  }
}, { per: 2 * acts })

/* ---- reading it ---- */

const bytes = pages.reduce((n, page) => n + page.length, 0)
console.log(JSON.stringify({ what: 'record', entries: acts + 10, bytes }))
const each = (name, circle) => pages.forEach((page) => call(name, circle, page, raw))
const opened = (who, fields) => call('circle_open', who, { 1: id, ...fields })[1]

await begin()
const access = call('access', 0, { 1: ana.code })[1]
ana.account = call('account_open', access, { 1: ana.wrapped, 2: ana.sign_pk })[1]
const memory = () => console.log(JSON.stringify({ what: 'memory', bytes: core.memory.buffer.byteLength }))

let circle = opened(ana.account, { 2: pin, 3: keys })
timed('load what this device knows, opened and folded', () => {
  each('circle_load', circle)
  if (call('circle_loaded', circle)[5] !== 1) throw new Error('not ready')
}, { per: acts })
timed('promises, 256 of them', () => call('promises', circle, { 1: now, 2: 0, 3: 256 }))
timed('rows, 256 of them', () => call('rows', circle, { 1: 0, 2: 256 }))
timed('one act shown', () => {
  const text = { 1: 3, 2: 1, 8: ben.sign_pk, 9: 'One more', 13: 0 }
  const draft = call('say', circle, { 1: now, 2: ++group, 3: encode(text) })
  call('show', circle, join(draft[1].map(encode)), raw)
})
timed('folded anew', () => call('show', circle, new Uint8Array(), raw), { per: acts })
call('circle_keep', circle)
memory()
core.troth_close(circle)

circle = opened(ana.account, {})
timed('a new device: loaded, verified from my own newest entry on, folded', () => {
  each('circle_load', circle)
  call('circle_loaded', circle)
  if (call('circle_check', circle, pages.at(-1), raw)[5] !== 1) throw new Error('not ready')
})
timed('and the rest at leisure', () => each('circle_check', circle), { per: acts })
core.troth_close(circle)

circle = opened(0, {})
call('circle_loaded', circle)
timed('verify everything', () => each('circle_add', circle), { per: acts })
timed('pw (Argon2id, 3 passes, 64 MiB)', () => call('pw', 0, { 1: ana.code, 2: 'correct horse battery staple' }))
memory()
