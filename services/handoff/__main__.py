"""`python -m services.handoff`."""

import sys

from shared.running.start import start

sys.exit(start("services.handoff.app:build", "services.handoff.settings:Settings"))
