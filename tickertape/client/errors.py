"""What can go wrong between a program and the API.

ClientError
├── WrongInputError            what was given can't be sent; nothing was
├── NoAnswerError              no connection, or no answer in time
├── UnexpectedAnswerError      an answer that is none of this API
└── ProblemError               the API says why not: status, title, detail
    ├── InvalidRequestError    400, 408, 413, 415, 422: the same request will never be answered
    ├── KeyRefusedError        401, 403: no key, a wrong one, or one that may not do this
    ├── NotFoundError          404: no such model, report, drift report or ticker
    ├── TooManyRequestsError   429: more than this key may ask for
    ├── NotExplainableError    501: the answers of this model can't be explained
    ├── UnavailableError       503: the model is being loaded, Kafka is away, or too many ask at once
    └── ServerFaultError       500 and any other from 500 up: the server's log has the reason
"""

from http import HTTPStatus

import msgspec

from models.errors import TickertapeError


class ClientError(TickertapeError):
    """Base of all that the client raises."""


class WrongInputError(ClientError):
    """What was given can't be sent, and nothing was."""


class NoAnswerError(ClientError):
    """There is no connection, or no answer came in time; what was sent may have been worked on."""


class UnexpectedAnswerError(ClientError):
    """The answer is none of this API's, or of another version of it."""


class FieldProblem(msgspec.Struct, frozen=True):
    """One wrong field of a request.

    Attributes:
        field: its place, as `texts[3].text`.
        reason: a code, the same as in the `reason` header of dead letters.
        detail: what is wrong, and what is allowed.
    """

    field: str
    reason: str
    detail: str


class Problem(msgspec.Struct, frozen=True):
    """What the API says of a request that it does not answer (RFC 9457).

    Attributes:
        title: the name of the status.
        status: of HTTP.
        detail: what was seen, and what to do.
        instance: the path of the request.
        request_id: as in the server's log; None where it is not known.
        errors: the wrong fields of a body, if there are any.
    """

    title: str
    status: int
    detail: str
    instance: str = ""
    request_id: str | None = None
    errors: tuple[FieldProblem, ...] = ()


class ProblemError(ClientError):
    """The API says why it does not answer.

    Attributes:
        problem: all that it says.
        status: of HTTP.
        title: the name of the status.
        detail: what was seen, and what to do.
    """

    def __init__(self, problem: Problem) -> None:
        """Keep the problem; the message has its status, title and detail."""
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}")
        self.problem = problem
        self.status, self.title, self.detail = problem.status, problem.title, problem.detail


class InvalidRequestError(ProblemError):
    """The request is wrong, and would be so again."""


class KeyRefusedError(ProblemError):
    """There is no key, a wrong one, or one that may not do this."""


class NotFoundError(ProblemError):
    """There is no such model, report, drift report or ticker."""


class TooManyRequestsError(ProblemError):
    """More was asked for than this key may."""


class NotExplainableError(ProblemError):
    """The answers of this model are no sums over terms."""


class ServerFaultError(ProblemError):
    """A fault of the server; its log has the reason."""


class UnavailableError(ProblemError):
    """The model is being loaded, Kafka is away, or too many ask at once: try again later."""


_KIND_OF: dict[int, type[ProblemError]] = {
    HTTPStatus.UNAUTHORIZED: KeyRefusedError,
    HTTPStatus.FORBIDDEN: KeyRefusedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequestsError,
    HTTPStatus.NOT_IMPLEMENTED: NotExplainableError,
    HTTPStatus.SERVICE_UNAVAILABLE: UnavailableError,
}


def problem_error(problem: Problem) -> ProblemError:
    """Give the exception of a problem.

    >>> type(problem_error(Problem("Not Found", 404, "no such path"))).__name__
    'NotFoundError'
    """
    other = ServerFaultError if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else InvalidRequestError
    return _KIND_OF.get(problem.status, other)(problem)
