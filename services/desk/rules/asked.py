"""What a request's body is."""

from pydantic import ConfigDict

from shared.contracts.base import Contract


class Body(Contract):
    """What somebody sends in a request: a field that is not known is refused, not passed by.

    The web framework reads how it is made as soon as it has the route.
    """

    model_config = ConfigDict(extra="forbid", defer_build=False)
