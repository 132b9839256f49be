"""What may be told of an error: never a customer's words, and no secret."""

from shared.errors import HelpdeskError

_HARMLESS = ("aiokafka", "redis", "kafka")
_LONGEST = 500


def told(error: BaseException) -> str:
    """The error for logs and listings.

    Of our own errors, of the network's and of those of Kafka and Redis it is their text, which is
    about topics and hosts. Of any other it is the class alone: its text may show what was being
    handled. Of the database's, which show whole documents, it is the class and the code.
    """
    name = type(error).__qualname__
    if isinstance(error, HelpdeskError):
        return str(error)[:_LONGEST] or name
    package = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError | TimeoutError) or package in _HARMLESS:
        return repr(error)[:_LONGEST]
    if package == "pymongo":
        return _of_the_database(error, name)
    return name


def _of_the_database(error: BaseException, name: str) -> str:
    if isinstance(code := getattr(error, "code", None), int):
        details = getattr(error, "details", None)
        named = details.get("codeName", "") if isinstance(details, dict) else ""
        return f"{name} (code {code}{named and f', {named}'})"
    # What says that servers are away has no document in it.
    away = any(each.__name__ == "ConnectionFailure" for each in type(error).__mro__)
    return f"{name}: {error}"[:_LONGEST] if away else name
