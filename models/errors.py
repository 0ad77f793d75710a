"""The exceptions of the project; `api.request_errors` has those that an HTTP request can end in.

TickertapeError
├── RecordError
│   └── MalformedRecordError       a Kafka record that is no tweet; has a reason code
├── DataError
│   ├── DataNotFoundError          labelled tweets or a feed file that is not there or not readable
│   └── DownloadError              the hub or the repository did not give what was expected
├── ModelError
│   ├── ModelNotFoundError         no such version, alias or file
│   ├── ModelCorruptError          the artefact's hash or format is not what it says
│   ├── ModelNotExplainableError   the model's answers are not sums over terms
│   └── SnapshotRefusedError       a snapshot of the online model belongs to another batch model or version
├── DriftError                     two windows of tweets can't be compared, or the report can't be written
│   ├── DriftReportNotFoundError   no drift report has this id
│   ├── ReferenceNotFoundError     there is no reference for the model that answered
│   ├── WebhookError               the address that alarms are posted to is none
│   └── WindowTooSmallError        a window has too few tweets to say anything
├── BrokerError                    Kafka can't be started or reached
│   ├── BrokerAwayError            no broker answers now; one may later
│   └── DeliveryError              an output could not be delivered; its input stays uncommitted
├── TracingError                   traces were asked for and can't be made
├── ApiError                       the HTTP server can't be started
└── SettingsError                  a file that a setting names can't be used, or two settings contradict each other
"""


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


class ModelNotExplainableError(ModelError):
    """A model's answers are not sums over terms, so no terms can be named."""


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
