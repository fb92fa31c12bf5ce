import type { Examples } from "../examples";
import { Qr } from "./part";

export const examples: Examples = {
    invitation: () => (
        <Qr label="Invitation for Ben, as a QR code" text="https://troth.example/#I1-7KQ4M-X2V9P-3HWZD-C8RNA" />
    ),
};
