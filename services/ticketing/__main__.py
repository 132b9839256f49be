"""`python -m services.ticketing`."""

import sys

from shared.running.start import start

sys.exit(start("services.ticketing.app:build", "services.ticketing.settings:Settings"))
