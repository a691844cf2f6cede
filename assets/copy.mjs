// Copies what is served as it was published.
import { copyFileSync } from "node:fs";

copyFileSync("node_modules/htmx.org/dist/htmx.min.js", "../integration/web/console/static/htmx.min.js");
