"""Router: GET /live, what happens now as a stream of events; GET /tickers/{symbol}, one ticker's last minutes."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.dependencies import ProcessStateDep
from api.live.documentation import LIVE_ANSWERS, TICKER_ANSWERS
from api.live.hub import LiveFeed
from api.live.schemas import TickerView
from api.live.streaming import LiveStream
from api.request_errors import LiveUnavailableError

router = APIRouter(tags=["live"])


async def live_feed(state: ProcessStateDep) -> LiveFeed:
    """Give the feed of this process.

    Raises:
        LiveUnavailableError: it is switched off.
    """
    if state.live is None:
        raise LiveUnavailableError("the live feed of this server is switched off: start it with API_LIVE=true")
    return state.live


LiveFeedDep = Annotated[LiveFeed, Depends(live_feed)]


@router.get("/live", summary="What happens now, as a stream of events", response_class=Response, responses=LIVE_ANSWERS)
async def get_live(feed: LiveFeedDep) -> Response:
    """Send the state of the feed, then a tick each second, until the client leaves.

    Raises:
        LiveUnavailableError: the feed is switched off.
        OverloadedError: too many streams are open.
    """
    return LiveStream(feed)


@router.get(
    "/tickers/{symbol}",
    summary="The last minutes of one ticker",
    response_model=TickerView,
    responses=TICKER_ANSWERS,
)
async def get_ticker(symbol: str, feed: LiveFeedDep) -> Response:
    """Give sentiment and newest tweets of a ticker, `TSLA` and `$tsla` alike.

    Raises:
        TickerNotFoundError: no tweet of it was read in the last 15 minutes.
        LiveUnavailableError: the feed is switched off, or Kafka is away.
    """
    return Response(feed.ticker(symbol), media_type="application/json", headers={"cache-control": "no-store"})
