/**
 * speech.ts -- the language that this page speaks. English is the only one so far.
 */
export { en as words } from "../words/words";
