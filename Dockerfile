# HALO's backend in a container. The first stage installs what is locked, by hash; the second has
# neither a compiler nor a package manager's cache, and runs as a user that owns nothing.
# To pin the image's very bytes too, add its digest behind the tag, name@sha256:…
FROM python:3.13.7-slim-bookworm AS build

WORKDIR /build
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/halo \
    && /opt/halo/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md ./
COPY src src
RUN /opt/halo/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .


FROM python:3.13.7-slim-bookworm

RUN useradd --system --uid 10001 --no-create-home --home-dir /srv/halo --shell /usr/sbin/nologin halo \
    && install -d -o 10001 -g 10001 -m 0700 /srv/halo/var
COPY --from=build /opt/halo /opt/halo
WORKDIR /srv/halo
COPY assistants assistants
COPY scenario/voximplant_scenario_ASR.js scenario/live_check.js scenario/

# Only the proxy reaches this address; without HALO_KEYS HALO does not start on it.
ENV HALO_HOST=0.0.0.0 \
    HALO_PORT=8080 \
    HALO_LOG=json \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /srv/halo/var
EXPOSE 8080
# From within the container no signature is needed.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["/opt/halo/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/halo/bin/halo"]
CMD ["serve"]
