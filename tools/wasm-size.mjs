// wasm-size.mjs -- how large a module is when it travels, and whether that is too much.
//
//   node tools/wasm-size.mjs MODULE.wasm LIMIT      LIMIT in bytes, for the form that browsers are given (brotli)
import { readFile } from 'node:fs/promises'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const [file, limit] = process.argv.slice(2)
const bytes = await readFile(file)
const brotli = brotliCompressSync(bytes, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
}).length
console.log(`${file}: ${bytes.length} bytes; with brotli ${brotli}, with gzip ${gzipSync(bytes, { level: 9 }).length}`)
if (!(brotli <= Number(limit))) {
  console.error(`${file}: ${brotli} bytes with brotli, and ${limit} are the most: see what grew with "make V=1" and ` +
    'a link without --strip-all')
  process.exitCode = 1
}
