"""The exceptions that an HTTP request can end in; `api.errors` has the status of each.

RequestError                   a request that can't be answered as it is
├── MalformedBodyError         the body is no JSON in UTF-8
├── InvalidBodyError           the body is JSON, but not what was asked for; has a list of fields
├── InvalidQueryError          a parameter of the URL has a value that is not allowed
├── BodyTooLargeError          the body has more bytes than are allowed
├── BodyTooSlowError           the body did not arrive in time
├── UnsupportedBodyError       the body's media type, charset or coding is none that is read
├── ModelNotReadyError         the model is still being loaded
├── UnknownModelError          no model of the name, version or word that was asked for
├── ModelUnavailableError      a version that was asked for can't be loaded now
├── ReportNotFoundError        there is no report of the champion, or nothing of that name in it
├── LiveUnavailableError       the live feed is switched off, or has nothing to tell
├── TickerNotFoundError        no tweet of a ticker was read lately
├── OverloadedError            more requests at once than are allowed
├── FeedbackNotDeliveredError  Kafka did not acknowledge all feedback of a request
├── HostRefusedError           it asks for a server of another name
└── RefusedError               a request that is refused before it is looked at; has headers
    ├── KeyRefusedError        it shows no key, several, or one that is unknown
    ├── RoleMissingError       its key is for other things
    └── RateLimitedError       its client has asked for too much
"""

from collections.abc import Mapping, Sequence

from models.errors import TickertapeError


class RequestError(TickertapeError):
    """An HTTP request can't be answered as it is; `api.errors` has the status of each kind."""


class MalformedBodyError(RequestError):
    """The body is no JSON in UTF-8."""


class InvalidBodyError(RequestError):
    """The body is JSON, but not what was asked for.

    Attributes:
        fields: where it is wrong, as (field path, reason code, message); never holds what was sent.
    """

    def __init__(self, message: str, fields: Sequence[tuple[str, str, str]]) -> None:
        """Keep the list of fields beside the message."""
        super().__init__(message)
        self.fields = tuple(fields)


class InvalidQueryError(RequestError):
    """A parameter of the URL has a value that is not allowed."""


class BodyTooLargeError(RequestError):
    """The body has more bytes than are allowed."""


class BodyTooSlowError(RequestError):
    """The body did not arrive in the time that is allowed."""


class UnsupportedBodyError(RequestError):
    """The body's media type, charset or content coding is none that is read."""


class ModelNotReadyError(RequestError):
    """The model is still being loaded."""


class UnknownModelError(RequestError):
    """No model has the name, version or word that a request asks for; says what there is."""


class ModelUnavailableError(RequestError):
    """A version that a request asks for can't be loaded now, or can't be used; the log says why."""


class ReportNotFoundError(RequestError):
    """There is no report of the champion, or nothing of that name in it."""


class LiveUnavailableError(RequestError):
    """The live feed is switched off, or has nothing to tell as Kafka is away."""


class TickerNotFoundError(RequestError):
    """No tweet of a ticker was read lately."""


class OverloadedError(RequestError):
    """More requests are in progress than are allowed."""


class FeedbackNotDeliveredError(RequestError):
    """Kafka did not acknowledge all feedback of a request; says how much it did, and what to do."""


class HostRefusedError(RequestError):
    """A request asks for a server of another name."""


class RefusedError(RequestError):
    """A request is refused before it is looked at.

    Attributes:
        headers: of the answer, by their names; they tell programs what the message tells people.
    """

    def __init__(self, message: str, headers: Mapping[str, str]) -> None:
        """Keep the headers beside the message; neither holds what was sent as a key."""
        super().__init__(message)
        self.headers = dict(headers)


class KeyRefusedError(RefusedError):
    """A request shows no key, several, or one that is unknown."""


class RoleMissingError(RefusedError):
    """A request's key has none of the roles that its path needs."""


class RateLimitedError(RefusedError):
    """A client has asked for more than it may; says when to come back."""
