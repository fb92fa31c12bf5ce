import type { Code } from "../../gen/err";
import type { LinkCode } from "../../link/contract";
import type { Refusal } from "../refusal";

const SAFE = "Nothing was lost.";
const HERE = "What you wrote is kept on this device.";
const UNCHANGED = "Nothing was changed.";
const NOT_SENT = "Nothing was sent.";
const COPY_SAFE = "Your own copy is safe.";

const AGAIN = "Try again.";
const SYNC = "Troth fetches what is new; then do it again.";
const UPDATE = "Load this page again. If it stays, an update of Troth should mend it.";
const HOST = "Ask whoever runs the server.";
const NEW_INVITE = "Ask whoever invited you for a new one.";
const NOTHING = "There is nothing you need to do.";

const says = (happened: string, kept: string, next: string): Refusal => ({ happened, kept, next });
/** A program made a mistake, this page or another one. A person can't mend it, and shouldn't look for their own fault. */
const ours = (happened: string): Refusal => says(happened, HERE, UPDATE);

export const refusals: Readonly<Record<Code | LinkCode, Refusal>> = {
    // This device or this program could not.
    no_memory: says("There wasn’t enough memory.", UNCHANGED, "Close something else, then try again."),
    store: says("What is kept here couldn’t be read or written.", "What was there before is safe.", AGAIN),
    disk_full: says(
        "There is no space left to write this down.",
        "What was there before is safe.",
        "Make some room, then try again.",
    ),
    busy: says("Another window of Troth is writing just now.", UNCHANGED, "Wait a moment, then try again."),
    internal: says("Something went wrong inside Troth.", UNCHANGED, "Try again. If it stays, tell us what you did."),
    stopping: says("The server is about to restart.", HERE, "Troth tries again by itself."),
    store_damaged: says(
        "Something in the server’s store doesn’t fit together.",
        COPY_SAFE,
        `${HOST} A backup may be needed.`,
    ),
    store_newer: says(
        "This was kept by a newer version of Troth.",
        "It wasn’t touched.",
        "Load this page again to get the newer version.",
    ),
    not_found: says("There is no such thing here.", SAFE, "Go back, and look again."),

    // The request was not understood.
    no_route: ours("The server doesn’t know what was asked."),
    bad_method: ours("The server doesn’t know what was asked."),
    bad_type: ours("The server couldn’t read what was sent."),
    no_length: ours("The server couldn’t read what was sent."),
    too_large: says("That is more than can be sent at once.", HERE, "Make it shorter, or send it in parts."),
    bad_http: ours("The server couldn’t read what was sent."),
    slow_down: says(
        "The server asks for a pause: many requests came in a short time.",
        HERE,
        "Troth waits and sends it by itself.",
    ),
    bad_cbor: ours("Something arrived that isn’t in Troth’s form."),
    bad_field: ours("Something is missing from what was sent, or is too much."),
    bad_code: says("This code has a slip in it.", NOT_SENT, "Compare it with your sheet, group by group."),
    bad_query: ours("The server doesn’t know what was asked."),

    // Who you are, and what you may.
    no_session: says("You are no longer signed in on this device.", HERE, "Sign in again."),
    bad_challenge: says("Signing in took too long.", UNCHANGED, AGAIN),
    bad_login: says(
        "Code and passphrase don’t fit together, or this server doesn’t know them.",
        UNCHANGED,
        "Check both, and that it is the right server.",
    ),
    wrong_origin: says(
        "This server goes by another address.",
        NOT_SENT,
        "Open Troth under the address that its server gives.",
    ),
    no_permit: says(
        "This permit opens no account here, or was used already.",
        NOT_SENT,
        "Ask whoever runs the server for a new permit, or whoever invited you for a new invitation.",
    ),
    exists: says("You have an account here already.", UNCHANGED, "Sign in instead."),
    bad_signature: ours("A signature doesn’t fit what it should sign."),
    bad_key: ours("A key can’t be used."),
    creds_moved: says(
        "The ways into your account were changed on another device.",
        UNCHANGED,
        "Look at them again. If it wasn’t you, change your passphrase.",
    ),
    not_member: says("You are not in this circle.", "What you could read is still in your copy.", NOTHING),
    no_circle: says(
        "There is no such circle here, or it isn’t yours to see.",
        SAFE,
        "Check the server, or ask someone in the circle.",
    ),
    no_invite: says(
        "This invitation isn’t open: it may be mistyped, used, taken back or past its date.",
        NOT_SENT,
        NEW_INVITE,
    ),
    wrong_secret: says("It doesn’t open with this.", UNCHANGED, "Check the passphrase, and the account code."),
    outdated_key: says(
        "The server showed a key that is old, or isn’t yours.",
        "Nothing was opened.",
        "Don’t sign in here. Use another device’s copy, and ask whoever runs the server.",
    ),

    // An entry that was not recorded.
    bad_entry: ours("This entry doesn’t have the form that its kind needs."),
    bad_version: says("This was written with a newer version of Troth.", SAFE, "Load this page again, then go on."),
    wrong_circle: ours("This entry belongs to another circle."),
    head_moved: says("Someone else wrote first.", HERE, SYNC),
    id_taken: says("This seems to have arrived already.", SAFE, "Look whether it is there."),
    already_member: says("You are in this circle already.", SAFE, "Open it."),
    rotate_required: says(
        "The circle’s key has to be changed first.",
        HERE,
        "Troth changes it, then sends this by itself.",
    ),
    epoch_stale: says("The circle’s key was changed meanwhile.", HERE, SYNC),
    clock_skew: says(
        "The clock of this device and the server’s are more than ten minutes apart.",
        HERE,
        "Set the clock that is wrong, then send it again.",
    ),
    invite_void: says("This invitation was taken back.", NOT_SENT, NEW_INVITE),
    invite_used: says(
        "This invitation was used already.",
        NOT_SENT,
        "If it wasn’t you, tell whoever invited you at once, then ask for a new one.",
    ),
    invite_expired: says("This invitation is past its date.", NOT_SENT, NEW_INVITE),
    bad_proof: says("The invitation doesn’t fit this circle.", NOT_SENT, "Open the invitation again."),
    full: says(
        "Twelve people are in this circle, and there is no room for more.",
        UNCHANGED,
        "Someone would have to leave first.",
    ),
    too_many_invites: says(
        "Five invitations are open already.",
        UNCHANGED,
        "Wait until one is used, or take one back.",
    ),
    bad_boxes: ours("The new key didn’t reach everyone exactly once."),
    bad_redact: says("Only your own words can be erased, and only once.", "Nothing was erased.", "Look at it again."),
    payload_mismatch: ours("The words don’t fit the entry that carries them."),
    missing_blob: says("A picture hasn’t arrived yet.", HERE, "Troth sends the picture first, then this."),
    quota: says("There is no room left for this on the server.", HERE, `${HOST} They can give more room.`),
    consent_missing: says(
        "Not everyone in the circle has agreed to this invitation yet.",
        UNCHANGED,
        "Wait until they have, then open it again.",
    ),
    consent_given: says("You have agreed to this invitation already.", UNCHANGED, NOTHING),
    sole_circle: says("This is your journal: nobody can join it.", UNCHANGED, "Make a circle to write with someone."),
    hash_mismatch: ours("This picture isn’t the one that was announced."),
    erased: says("Whoever wrote this has erased it.", "Everything else is as it was.", NOTHING),

    // What this device found in what it was shown.
    rolled_back: says(
        "The server shows an older record than you have seen.",
        COPY_SAFE,
        `${HOST} If they restored a backup, your copy can repair it.`,
    ),
    forked: says(
        "The server shows different people different records.",
        "Both are kept, as evidence.",
        "Compare heads in person, and write nothing here until you know why.",
    ),
    broken_chain: says(
        "What the server sent was changed, reordered or cut.",
        COPY_SAFE,
        "Write nothing here, tell the others, and compare heads in person.",
    ),
    unreadable: says(
        "This entry doesn’t open with the keys on this device.",
        "Everything else is as it was.",
        "Whoever wrote it can write it again.",
    ),
    locked_out: says(
        "The circle’s key was changed in a way that left you out.",
        COPY_SAFE,
        "Troth changes it again by itself.",
    ),
    void: says(
        "This question will not open: someone left, or it was closed first.",
        "Your answer was shown to nobody.",
        "Ask again, if you like.",
    ),
    not_yet: says("Not everyone has answered yet.", "Nothing is open.", "Wait: all answers open together."),
    bad_answer: says(
        "This isn’t the answer that was sealed.",
        "It stays unopened.",
        "Nobody can force it. You can ask again.",
    ),
    all_answered: says("Everyone has answered already, and the answers open.", UNCHANGED, NOTHING),

    // Between this device and a server.
    offline: says("The server can’t be reached.", HERE, "It is sent by itself when you’re back."),
    bad_server: says(
        "What came back isn’t what a Troth server says.",
        HERE,
        "Check the server’s address. If it is right, ask whoever runs it.",
    ),
    not_encrypted: says(
        "This address has no encryption, and isn’t on this device.",
        NOT_SENT,
        "Use the server’s https address.",
    ),

    // Between this page and its worker.
    dropped: says("You left before it was done.", UNCHANGED, "Do it again, if you like."),
    broken: says(
        "Troth had to start again.",
        "What was written down here is safe.",
        "Open it with your passphrase, then try again.",
    ),
    page_old: says("There is a newer version of Troth.", HERE, "Load this page again to go on."),
};
