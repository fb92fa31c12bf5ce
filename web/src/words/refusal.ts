/** What a person is told when something did not go through: what happened, what is safe, what to do. */
export interface Refusal {
    readonly happened: string;
    readonly kept: string;
    readonly next: string;
}
