# One image for worker, API, drift process and MLflow; the command says which.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TICKERTAPE_HOME=/var/lib/tickertape
WORKDIR /build
COPY requirements/train.lock requirements/
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/train.lock

COPY pyproject.toml README.md ./
COPY config config
COPY models models
COPY monitoring monitoring
COPY stream stream
COPY api api
COPY tickertape tickertape
RUN pip install --no-cache-dir --no-build-isolation --no-deps . \
 && useradd --system --home-dir /var/lib/tickertape --create-home tickertape

USER tickertape
WORKDIR /var/lib/tickertape
RUN mkdir reports # a volume that is mounted there belongs to the user then
# Compiles the scoring kernel, so that no container does; on another kind of processor the first start does it again.
ENV NUMBA_CACHE_DIR=/var/lib/tickertape/kernel
RUN python -c "from models.predictor import pretrained_predictor; pretrained_predictor(1)"
ENTRYPOINT ["tickertape"]
CMD ["--help"]
