/**
 * main.ts -- the worker: listens before anything else, then does what the page asks.
 */
import { ABI, type Calls } from "../link/contract";
import { keeping_look } from "./keeping";
import { serve } from "./serve";

const served = serve<Calls>(
    {
        post: (message, transfer) => self.postMessage(message, { transfer: [...transfer] }),
        hear(message) {
            self.onmessage = (event) => message(event.data);
        },
    },
    ABI,
);
self.onmessageerror = () => served.fail("a message that cannot be read");
self.onunhandledrejection = (event) => served.fail(String(event.reason));

served.open({ "storage.look": keeping_look });
