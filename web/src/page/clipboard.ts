/** copy -- puts a text into the clipboard; whether the browser let it. */
export async function copy(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false; // told to the person by whoever asked
    }
}
