"""`python -m services.desk`."""

import sys

from shared.running.start import start

sys.exit(start("services.desk.app:build", "services.desk.settings:Settings"))
