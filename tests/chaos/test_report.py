"""What is said of a run: it went well only if nothing was found and every fault was got over."""

from tests.chaos.good_history import good
from tests.chaos.history import Finding
from tests.chaos.report import Outcome, report_of

OVER = Outcome("kill", "kill -9", ok=True, recovery_s=1.5, crashes=[])
NEVER_OVER = Outcome("freeze", "frozen", ok=False, recovery_s=None, crashes=[])


def test_a_run_went_well_if_nothing_was_found_and_every_fault_was_got_over() -> None:
    report = report_of(good(), [], [OVER], kills=2, pace=1.5, seed=7)

    assert report["ok"]
    assert report["sent"] == len(good().said)
    assert (report["kills"], report["pace"], report["seed"]) == (2, 1.5, 7)
    assert report["faults"][0]["recovery_s"] == 1.5


def test_a_run_with_a_finding_or_with_a_fault_that_stays_did_not_go_well() -> None:
    lost = report_of(good(), [Finding("lost", "a message")], [OVER])

    assert not lost["ok"]
    assert lost["lost"] == 1
    assert not report_of(good(), [], [OVER, NEVER_OVER])["ok"]
