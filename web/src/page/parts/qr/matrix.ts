/**
 * matrix.ts -- the squares of a QR code as one path. The only file that knows the library that makes them.
 */
import encodeQR from "qr";

/** Squares of quiet that a reader needs around the code. */
export const QUIET_N = 4;

export interface Squares {
    /** Squares along one side, the quiet ones included. */
    readonly side_n: number;
    readonly path: string;
}

/** squares_of -- black squares of `text`, each row's neighbours as one rectangle. */
export function squares_of(text: string): Squares {
    const rows = encodeQR(text, "raw", { ecc: "medium", border: 0 });
    let path = "";
    rows.forEach((row, y) => {
        for (let x = 0; x < row.length; x++) {
            const from = x;
            while (row[x]) x++;
            if (x > from) path += `M${from + QUIET_N} ${y + QUIET_N}h${x - from}v1h-${x - from}z`;
        }
    });
    return { side_n: rows.length + 2 * QUIET_N, path };
}
