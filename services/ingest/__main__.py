"""`python -m services.ingest`."""

import sys

from shared.running.start import start

sys.exit(start("services.ingest.app:build", "services.ingest.settings:Settings"))
