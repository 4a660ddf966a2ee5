import { runsAsWritten } from "./page.ts";

runsAsWritten("docs/feeds.md");
