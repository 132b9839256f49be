// Starts the desk.

import { startBulk } from "./bulk.js";
import { startColumns } from "./columns.js";
import { startFilters } from "./filters.js";
import { startList } from "./list.js";
import { startLive } from "./live.js";
import { startPresence } from "./presence.js";
import { startTimes } from "./time.js";
import { startViews } from "./views.js";

startTimes();
startColumns();
startList();
startFilters();
startViews();
startBulk();
startPresence();
startLive();
