# The scorer and every other command: `docker build -t fraudstream .`, `docker run fraudstream --help`.
# What is installed stands in the lock files, with its hash; the last stage has neither compiler nor pip.

FROM python:3.13-slim-trixie AS wheel
WORKDIR /build
COPY requirements-dev.lock .
RUN awk '/^[a-z]/ { wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } wanted' \
        requirements-dev.lock > build.lock \
    && pip install --no-cache-dir --require-hashes -r build.lock
COPY . .
RUN hatchling build --target wheel --directory /wheel

FROM python:3.13-slim-trixie AS packages
COPY requirements.lock .
RUN python -m venv --without-pip /opt/fraudstream \
    && pip --python /opt/fraudstream/bin/python install --no-cache-dir --only-binary :all: --require-hashes \
        -r requirements.lock
COPY --from=wheel /wheel /wheel
RUN pip --python /opt/fraudstream/bin/python install --no-cache-dir --no-index --no-deps /wheel/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="fraudstream" \
      org.opencontainers.image.description="Card fraud scoring on Kafka, exactly once and recomputable" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN pip uninstall --yes --quiet --root-user-action ignore pip \
    && groupadd --gid 10001 fraudstream \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/fraudstream --shell /usr/sbin/nologin \
        fraudstream \
    && install --directory --owner 10001 --group 10001 /var/lib/fraudstream
COPY --from=packages /opt/fraudstream /opt/fraudstream
ENV PATH=/opt/fraudstream/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/lib/fraudstream/numba \
    FRAUDSTREAM_REGISTRY_CACHE=/var/lib/fraudstream/schemas \
    FRAUDSTREAM_HEALTH_HOST=0.0.0.0
USER 10001:10001
WORKDIR /var/lib/fraudstream
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9464/health/live', timeout=3)"]
ENTRYPOINT ["fraudstream"]
CMD ["score"]
