"""The exception tree of the whole project.

TickertapeError
├── RecordError
│   └── MalformedRecordError       a Kafka record that is no tweet; has a reason code
├── DataError
│   ├── DataNotFoundError          labelled tweets or a feed file that is not there or not readable
│   └── DownloadError              the hub or the repository did not give what was expected
├── ModelError
│   ├── ModelNotFoundError         no such version, alias or file
│   ├── ModelCorruptError          the artefact's hash or format is not what it says
│   └── SnapshotRefusedError       a snapshot of the online model belongs to another batch model or version
├── DriftError                     two windows of tweets can't be compared, or the report can't be written
│   ├── DriftReportNotFoundError   no drift report has this id
│   ├── ReferenceNotFoundError     there is no reference for the model that answered
│   ├── WebhookError               the address that alarms are posted to is none
│   └── WindowTooSmallError        a window has too few tweets to say anything
├── BrokerError                    Kafka can't be started or reached
│   ├── BrokerAwayError            no broker answers now; one may later
│   └── DeliveryError              an output could not be delivered; its input stays uncommitted
├── RequestError                   an HTTP request that can't be answered
│   ├── MalformedBodyError         the body is no JSON in UTF-8
│   ├── InvalidBodyError           the body is JSON, but not what was asked for; has a list of fields
│   ├── InvalidQueryError          a parameter of the URL has a value that is not allowed
│   ├── BodyTooLargeError          the body has more bytes than are allowed
│   ├── BodyTooSlowError           the body did not arrive in time
│   ├── UnsupportedBodyError       the body's media type, charset or coding is none that is read
│   ├── ModelNotReadyError         the model is still being loaded
│   ├── UnknownModelError          no model of the name, version or word that was asked for
│   ├── ModelUnavailableError      a version that was asked for can't be loaded now
│   ├── ReportNotFoundError        there is no report of the champion, or nothing of that name in it
│   ├── UnknownFilterError         the query asks for a part that the report has not
│   ├── ModelNotExplainableError   the model's answers are not sums over terms
│   ├── LiveUnavailableError       the live feed is switched off, or has nothing to tell
│   ├── TickerNotFoundError        no tweet of a ticker was read lately
│   ├── OverloadedError            more requests at once than are allowed
│   ├── FeedbackNotDeliveredError  Kafka did not acknowledge all feedback of a request
│   ├── HostRefusedError           it asks for a server of another name
│   └── RefusedError               a request that is refused before it is looked at; has headers
│       ├── KeyRefusedError        it shows no key, several, or one that is unknown
│       ├── RoleMissingError       its key is for other things
│       └── RateLimitedError       its client has asked for too much
├── TracingError                   traces were asked for and can't be made
├── ApiError                       the HTTP server can't be started
└── SettingsError                  a file that a setting names can't be used, or two settings contradict each other
"""

from collections.abc import Mapping, Sequence


class TickertapeError(Exception):
    """Base of all errors that a user can act on: the message says what was seen and what to do."""


class RecordError(TickertapeError):
    """A record can't be used as it is."""


class MalformedRecordError(RecordError):
    """A Kafka record is no tweet.

    Attributes:
        reason: a code of `models.tweets.Reason`, for the dead-letter header and for counting.
    """

    def __init__(self, reason: str, message: str) -> None:
        """Keep the reason code beside the message; the message never holds tweet text."""
        super().__init__(message)
        self.reason = reason


class DataError(TickertapeError):
    """Labelled tweets or a feed can't be used."""


class DataNotFoundError(DataError):
    """A file with tweets is not there or can't be read."""


class DownloadError(DataError):
    """A download failed, or brought something else than expected."""


class ModelError(TickertapeError):
    """A model can't be used."""


class ModelNotFoundError(ModelError):
    """No model has this version, alias or path."""


class ModelCorruptError(ModelError):
    """A model's artefact is not what its hash or format says."""


class SnapshotRefusedError(ModelError):
    """A snapshot of the online model was made for another batch model, or by another version of the learner."""


class DriftError(TickertapeError):
    """Two windows of tweets can't be compared, or the report can't be written."""


class ReferenceNotFoundError(DriftError):
    """There is no reference for the model that answered."""


class WindowTooSmallError(DriftError):
    """A window has too few tweets to tell a move from chance."""


class WebhookError(DriftError):
    """The address that alarms are posted to is none; never says which, as it is a secret."""


class DriftReportNotFoundError(DriftError):
    """No drift report has this id."""


class BrokerError(TickertapeError):
    """Kafka can't be started or reached."""


class BrokerAwayError(BrokerError):
    """No broker answers now; the same may be asked again later."""


class DeliveryError(BrokerError):
    """An output could not be delivered, so its input is not committed."""


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


class UnknownFilterError(RequestError):
    """The query asks for a part that the report has not."""


class ModelNotExplainableError(RequestError):
    """A model's answers are not sums over terms, so no terms can be named."""


class OverloadedError(RequestError):
    """More requests are in progress than are allowed."""


class LiveUnavailableError(RequestError):
    """The live feed is switched off, or has nothing to tell as Kafka is away."""


class TickerNotFoundError(RequestError):
    """No tweet of a ticker was read lately."""


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


class TracingError(TickertapeError):
    """Traces were asked for, but what makes them is not installed."""


class ApiError(TickertapeError):
    """The HTTP server can't be started."""


class SettingsError(TickertapeError):
    """A file that a setting names can't be used, or two settings contradict each other; names the variable."""


def described(exc: Exception) -> str:
    """Say what went wrong: our own errors say it themselves, others need their kind named.

    >>> described(ModelNotFoundError("no version 7")), described(KeyError("x"))
    ('no version 7', "KeyError: 'x'")
    """
    return str(exc) if isinstance(exc, TickertapeError) else f"{type(exc).__name__}: {exc}"
