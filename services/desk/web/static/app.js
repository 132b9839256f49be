// Starts the desk.

import { $, fire } from "./dom.js";
import { startBulk } from "./bulk.js";
import { startColumns } from "./columns.js";
import { startFilters } from "./filters.js";
import { startList } from "./list.js";
import { startLive } from "./live.js";
import { startPresence } from "./presence.js";
import { startTimes } from "./time.js";
import { startViews } from "./views.js";
import { openTicket } from "./where.js";

startTimes();
startColumns();
startList();
startFilters();
startViews();
startBulk();
startPresence();
startLive();

// A ticket that the address names and the server did not put into the page: its pane says why.
document.addEventListener("DOMContentLoaded", () => {
  if (openTicket() && !$("#ticket")) fire("desk:open", { id: openTicket(), back: true });
});
