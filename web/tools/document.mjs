/**
 * document_wrong -- what in the built document its own policy would refuse: anything inline, anything from elsewhere.
 *
 * @param {string} html
 * @returns {string[]}
 */
export function document_wrong(html) {
    /** @type {[RegExp, string][]} */
    const refused = [
        [/<script(?![^>]*\bsrc=)[^>]*>/i, "an inline script"],
        [/<style\b/i, "an inline style sheet"],
        [/<[^>]*\sstyle=/i, "an inline style"],
        [/<[^>]*\son\w+=/i, "a handler in an attribute"],
        [/\b(?:src|href)="(?:https?:)?\/\//i, "something from elsewhere"],
        [/\b(?:src|href)="(?:data|javascript):/i, "an address that is its own content"],
    ];
    return refused.filter(([pattern]) => pattern.test(html)).map(([, what]) => `index.html has ${what}`);
}
