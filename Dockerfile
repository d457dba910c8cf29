# syntax=docker/dockerfile:1
ARG PYTHON=python:3.13-slim
FROM ${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/kikite
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock README.md LICENSE ./
# The lock holds the hash of every file.
RUN uv sync --frozen --no-dev --all-extras --no-install-project
COPY bot bot
COPY sandbox sandbox
RUN uv sync --frozen --no-dev --all-extras --no-editable

FROM ${PYTHON}
LABEL org.opencontainers.image.title="kikite" \
      org.opencontainers.image.description="A guest in your Discord voice channel who listens and answers" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --no-create-home kikite \
    && install -d -o kikite /data \
    && rm -rf /usr/local/lib/python3.13/site-packages/pip /usr/local/bin/pip*
COPY --from=build /opt/kikite /opt/kikite
ENV PATH=/opt/kikite/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HTTP_HOST=127.0.0.1 HTTP_PORT=8080
USER 10001
WORKDIR /data
VOLUME /data
# No import of the bot: a probe must not cost its start-up time.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "-c", \
    "import os, http.client as h; c = h.HTTPConnection('127.0.0.1', int(os.environ['HTTP_PORT']), timeout=4); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kikite"]
CMD ["run"]
