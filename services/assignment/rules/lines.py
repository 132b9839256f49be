"""Waiting lines: one for each team of an account, and one for all of its agents (ASG 5)."""

from shared.contracts.accounts import AccountSettings


def line_name(account_id: str, team_id: str | None) -> str:
    """The line of a team, or the one of all the account's agents.

    Account ids have no colon, so no two lines share a name.
    """
    return f"{account_id}:all" if team_id is None else f"{account_id}:team:{team_id}"


def account_of(line: str) -> str:
    """The account whose line it is."""
    return line.partition(":")[0]


def line_for(settings: AccountSettings, team_id: str | None) -> str:
    """The line in which a ticket of `team_id` waits.

    If that team has been deleted, the ticket waits as if no rule had matched: for the default team,
    or for all agents.
    """
    teams = {team.id for team in settings.teams}
    if team_id not in teams:
        team_id = settings.assignment.default_team
    return line_name(settings.account_id, team_id)


def members_of_lines(settings: AccountSettings) -> dict[str, tuple[str, ...]]:
    """Every line of the account and the agents who serve it."""
    everybody = tuple(agent.id for agent in settings.agents)
    return {
        line_name(settings.account_id, None): everybody,
        **{line_name(settings.account_id, team.id): team.members for team in settings.teams},
    }
