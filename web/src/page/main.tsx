/**
 * main.tsx -- the page: starts the worker, shows a screen, and asks the service worker to keep it all at hand.
 */
import { render } from "preact";
import { end, lock } from "./core";
import { watch_exit } from "./exit";
import { Welcome } from "./screens/welcome/welcome";
import { register } from "./trusted";

watch_exit(end, lock);

const root = document.getElementById("app");
if (root) render(<Welcome />, root);

// Without it everything works but opening offline. Why it is not there is the browser's own affair: plain http, a
// private window, a setting.
register().catch(() => {});
