# One image for worker, API, drift process and MLflow; the command says which.
# A tag is what can be pinned here: a digest names one registry's bytes. Pin yours: --build-arg BASE_IMAGE=...@sha256:...
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/tickertape
COPY requirements/train.lock requirements/
RUN pip --python /opt/tickertape/bin/python install --no-cache-dir --no-deps --require-hashes --requirement requirements/train.lock
COPY pyproject.toml README.md ./
COPY config config
COPY models models
COPY monitoring monitoring
COPY stream stream
COPY api api
COPY tickertape tickertape
# What only builds and tests ask for does not go into the next stage.
RUN pip --python /opt/tickertape/bin/python install --no-cache-dir --no-build-isolation --no-deps . \
 && pip --python /opt/tickertape/bin/python uninstall --yes setuptools \
 && find /opt/tickertape -type d -name tests -prune -exec rm -rf {} +

FROM ${BASE_IMAGE}
ENV PATH=/opt/tickertape/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TICKERTAPE_HOME=/var/lib/tickertape
# Nothing in a container installs anything.
RUN find / -xdev \( -path '*/bin/pip*' -o -path '*-packages/pip' -o -path '*-packages/pip-*' -o -path '*-packages/setuptools*' \
      -o -path '*/ensurepip' \) -prune -exec rm -rf {} + \
 && groupadd --system --gid 999 tickertape \
 && useradd --system --uid 999 --gid 999 --home-dir /var/lib/tickertape --create-home tickertape
COPY --from=build /opt/tickertape /opt/tickertape

USER 999:999
WORKDIR /var/lib/tickertape
RUN mkdir mlflow reports # a volume that is mounted there belongs to the user then
# Compiles the scoring kernel, so that no container does; on another kind of processor the first start does it again.
ENV NUMBA_CACHE_DIR=/var/lib/tickertape/kernel
RUN python -c "from models.predictor import pretrained_predictor; pretrained_predictor(1)"
# A container says by HEALTH_URL what tells whether it is well; the API's own answer where it says nothing.
ENV HEALTH_URL=http://127.0.0.1:8000/health/ready
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
  CMD ["python", "-ISc", "import os, urllib.request as u; u.urlopen(os.environ['HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["tickertape"]
CMD ["--help"]
