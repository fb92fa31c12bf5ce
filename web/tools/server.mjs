/**
 * server.mjs -- serves a folder under the app's own headers, for the tests. Any other path is the document's.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { headers_of } from "./headers.mjs";

/**
 * serve_folder -- on a free port of this machine.
 *
 * @param {string} folder
 * @returns {Promise<{ origin: string, asked: string[], close: () => Promise<void> }>} asked: every path, in order
 */
export async function serve_folder(folder) {
    /** @type {string[]} */
    const asked = [];
    const server = createServer(async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname)).slice(1);
        asked.push(`/${path}`);
        const is_file = /\.\w+$/.test(path) && !path.startsWith("..");
        const file = is_file ? path : "index.html";
        try {
            const body = await readFile(join(folder, file));
            response.writeHead(200, headers_of(file)).end(body);
        } catch {
            response.writeHead(404, headers_of("none.txt")).end();
        }
    });
    await new Promise((go) => server.listen(0, "127.0.0.1", () => go(undefined)));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    return {
        origin: `http://127.0.0.1:${port}`,
        asked,
        close: () =>
            new Promise((go) => {
                server.closeAllConnections();
                server.close(() => go());
            }),
    };
}
