# One image for web, worker, clock and the command line: `docker run coldframe COMMAND`.
FROM python:3.13-slim AS parts
WORKDIR /parts
COPY requirements.txt .
RUN python -m venv /opt/coldframe \
 && /opt/coldframe/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt \
 && /opt/coldframe/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Coldframe" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 coldframe \
 && useradd --uid 10001 --gid coldframe --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin coldframe \
 && install --directory --owner=coldframe --group=coldframe --mode=0700 /var/lib/coldframe
COPY --from=parts /opt/coldframe /opt/coldframe
WORKDIR /app
COPY integration integration
COPY connectors connectors
COPY mappings mappings
COPY webhooks webhooks
COPY playbooks playbooks
COPY sandbox sandbox
COPY LICENSE .
RUN python -m compileall -q integration connectors mappings webhooks sandbox
ENV PATH=/opt/coldframe/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    COLDFRAME_BIND=0.0.0.0 COLDFRAME_DATA_DIR=/var/lib/coldframe PORT=8000
USER 10001:10001
VOLUME /var/lib/coldframe
EXPOSE 8000
# Nothing is written outside /var/lib/coldframe and /tmp: run it with --read-only --tmpfs /tmp.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=2)"]
ENTRYPOINT ["python", "-m", "integration"]
CMD ["web"]
